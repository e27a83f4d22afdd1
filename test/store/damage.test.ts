import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { AT, asked, blobs, digest, event, newRequest } from './records.js';

/** A database that somebody edits by hand, past this program: it must be noticed. SQLite only, for the editing. */

let directory: string;
let file: string;
let store: Store;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'countersign-damage-'));
  file = join(directory, 'service.db');
  store = await openStore(`sqlite:${file}`);
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

function edit(sql: string): void {
  const database = new Database(file);
  database.pragma('foreign_keys = OFF');
  expect(database.prepare(sql).run().changes).toBeGreaterThan(0);
  database.close();
}

describe('the event log', () => {
  beforeEach(async () => {
    const request = newRequest(1);
    await store.requests.insert(request, { blobs: blobs(request.id), event: asked(request) });
    for (const actor of ['alice', 'bob', 'carol']) await store.events.append(event('login', { actor }));
    expect((await store.events.verify()).count).toBe(4);
  });

  test.each([
    ['an event altered', "update events set actor = 'mallory' where seq = 2", 2],
    ["an event's details altered", `update events set details = '{"x":1}' where seq = 3`, 3],
    ["an event's time altered", "update events set at = '2020-01-01T00:00:00.000Z' where seq = 1", 1],
    ["an event's request altered", "update events set request_id = 'req_x' where seq = 1", 1],
    ['an event taken out', 'delete from events where seq = 2', 2],
    ['the first event taken out', 'delete from events where seq = 1', 1],
    ['the last event taken out', 'delete from events where seq = 4', 4],
    ['the end of the log set back', 'update event_head set seq = 3', 5],
    ['the request that an event tells of taken out', 'delete from requests', 1],
    ["that request's statement altered", "update requests set statement = '{}'", 1],
  ])('%s is noticed', async (_what, sql, seq) => {
    edit(sql);
    await expect(store.events.verify()).rejects.toMatchObject({ code: 'EVENT_LOG_DAMAGED', details: { seq } });
  });

  test('more events than one page holds verify, and damage behind the first page is noticed', async () => {
    for (let number = 0; number < 600; number += 1) await store.events.append(event('read', { details: { number } }));
    expect((await store.events.verify()).count).toBe(604);
    edit("update events set actor = 'mallory' where seq = 601");
    await expect(store.events.verify()).rejects.toMatchObject({ details: { seq: 601 } });
  });
});

describe('rows', () => {
  beforeEach(async () => {
    const request = newRequest(1);
    await store.requests.insert(request, { blobs: blobs(request.id), event: asked(request) });
  });

  test.each([
    "update requests set state = 'approved'",
    "update requests set kind = 'other'",
    "update requests set last_error = 'x'",
    'update requests set policy_version = 9007199254740993',
    "update requests set wave_version = 'many'",
    "delete from request_blobs where part = 'ci-targets'",
  ])('of an unknown form are refused: %s', async (sql) => {
    edit(sql);
    await expect(store.requests.find(newRequest(1).id)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test('a document that was altered or taken out is refused', async () => {
    const sha256 = digest('root-1');
    edit(`update blobs set bytes = x'00' where sha256 = '${sha256}'`);
    await expect(store.blobs.get(sha256)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    edit(`delete from blobs where sha256 = '${sha256}'`);
    await expect(store.blobs.get(sha256)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test('an index keeps two live requests from one tag, whatever wrote them', () => {
    expect(() =>
      edit(
        `insert into requests select 'req_2', factory, kind, 'open', closed_because, wave_name, wave_tag, wave_version,
         requester_name, requester_kind, requester_via, reason, created, expires, statement, 'other', policy_version,
         last_error, attempts, next_attempt, published, signer_told, since, request_key, bundle_tag, claim from requests`,
      ),
    ).toThrow(/UNIQUE/);
  });
});

describe('opening', () => {
  test.each([
    ['postgres:user:secret@host/db', 'STORE_UNSUPPORTED'],
    ['postgres://user:secret@host:port/db', 'STORE_UNSUPPORTED'],
    ['postgres://user:secret@127.0.0.1:1/db', 'STORE_FAILED'],
    ['mysql://host/db', 'STORE_UNSUPPORTED'],
    ['service.db', 'STORE_UNSUPPORTED'],
    ['sqlite:', 'STORE_UNSUPPORTED'],
    ['sqlite:/nowhere/at/all/service.db', 'STORE_FAILED'],
  ])('%s: %s, without a secret in its message', async (url, code) => {
    const opening = openStore(url);
    await expect(opening).rejects.toMatchObject({ code });
    await expect(opening).rejects.not.toThrow(/secret/);
  });

  test('a file that is no database is refused', async () => {
    const other = join(directory, 'text.db');
    await writeFile(other, 'this is no database, but long enough to look at'.repeat(50));
    await expect(openStore(`sqlite:${other}`)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      details: { driverCode: 'SQLITE_NOTADB' },
    });
  });

  test('what was stored is there for the next who opens it', async () => {
    await store.events.append(event('login', { actor: 'alice', at: AT }));
    await store.close();
    store = await openStore(`sqlite:${file}`);
    expect((await store.events.verify()).count).toBe(1);
  });

  test('a database whose log has lost its end is not ready', async () => {
    edit('delete from event_head');
    await expect(store.check()).rejects.toMatchObject({ code: 'EVENT_LOG_DAMAGED' });
    await expect(store.events.append(event('login'))).rejects.toMatchObject({ code: 'EVENT_LOG_DAMAGED' });
  });
});
