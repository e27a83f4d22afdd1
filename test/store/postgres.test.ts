import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Store } from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { createPostgresDatabase, HAS_POSTGRES, type PostgresDatabase } from '../support/postgres.js';
import { asked, AT, blobs, event, newRequest } from './records.js';

/** What only PostgreSQL has: a server that other programs talk to as well, connections that break, passwords. */

const describePostgres = HAS_POSTGRES ? describe : describe.skip;

describePostgres('a database on a server', () => {
  let database: PostgresDatabase;
  let store: Store;
  beforeEach(async () => {
    database = await createPostgresDatabase();
    store = await openStore(database.url);
  });
  afterEach(async () => {
    await store.close();
    await database.drop();
  });

  async function lockIsHeld(): Promise<void> {
    const look = () => database.ask("select 1 from pg_locks where locktype = 'advisory' and granted");
    while ((await look()).length === 0);
  }

  test('is made ready once by many replicas that start at the same moment', async () => {
    const fresh = await createPostgresDatabase();
    const stores = await Promise.all(Array.from({ length: 8 }, () => openStore(fresh.url)));
    await Promise.all(stores.map((one, number) => one.events.append(event('read', { details: { number } }))));
    expect((await store.events.verify()).count).toBe(0);
    expect((await stores[0]?.events.verify())?.count).toBe(8);
    for (const one of stores) await one.close();
    await fresh.drop();
  });

  test('sorts texts byte by byte, whatever language it was made for', async () => {
    // The tests' server sorts as in English unless told otherwise: a before B.
    for (const [number, id] of ['req_a', 'req_B'].entries()) {
      const request = newRequest(number, { id, wave: { name: 'w', tag: id, version: 1 } });
      await store.requests.insert(request, { blobs: blobs(id), event: asked(request) });
    }
    const { items } = await store.requests.list({ limit: 9 });
    expect(items.map(({ id }) => id)).toEqual(['req_a', 'req_B']);
    const columns = await database.ask(
      `select table_name, column_name from information_schema.columns where table_schema = 'public'
       and data_type = 'text' and collation_name is distinct from 'C'`,
    );
    expect(columns).toEqual([]);
  });

  test('with texts in another encoding than UTF-8 is refused', async () => {
    const latin = await createPostgresDatabase(
      "template template0 encoding 'LATIN1' locale_provider libc lc_collate 'C' lc_ctype 'C'",
    );
    await expect(openStore(latin.url)).rejects.toMatchObject({ code: 'STORE_UNSUPPORTED' });
    await latin.drop();
  });

  test('may cut its connections: what was under way is undone, and the next call works', async () => {
    await store.events.append(event('login'));
    const appends = Array.from({ length: 40 }, (_, number) =>
      store.events.append(event('read', { details: { number } })).then(
        () => true,
        () => false,
      ),
    );
    await database.ask(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    const done = (await Promise.all(appends)).filter(Boolean).length;
    // What was answered is there. What was not may be, if only the answer was lost.
    const { count } = await store.events.verify();
    expect(count).toBeGreaterThanOrEqual(1 + done);
    expect(count).toBeLessThanOrEqual(41);
    await store.check();
  });

  test('whose write lock another program holds answers reads, and writes once it is free', async () => {
    const id = await insert(store);
    let reached = false;
    // The same lock as the store takes, seen from outside.
    const holder = database.ask(
      `begin; select pg_advisory_xact_lock(7166450985412690301); select pg_sleep(0.5); commit`,
    );
    for (let waits = 0; waits === 0;) {
      const rows = await database.ask("select 1 from pg_locks where locktype = 'advisory' and granted");
      waits = rows.length;
    }
    const writing = store.events.append(event('login')).then(() => {
      reached = true;
    });
    expect(await store.requests.find(id)).toMatchObject({ id });
    expect(reached).toBe(false);
    await holder;
    await writing;
    expect((await store.events.verify()).count).toBe(2);
  });

  test('that undoes a transaction because of another program has it done again', async () => {
    await insert(store);
    await database.ask(`
      create table undone (times int); insert into undone values (0);
      create sequence tries;
      create function undo() returns trigger language plpgsql as $$ begin
        if nextval('tries') <= 3 then raise exception 'undone' using errcode = '40001'; end if;
        return new; end $$;
      create trigger undo before insert on events for each row execute function undo()`);
    await store.events.append(event('login'));
    expect((await store.events.verify()).count).toBe(2);
    expect(await database.ask('select last_value from tries')).toEqual([{ last_value: '4' }]);
  });

  test('whose lock never comes free, or whose answer never comes, holds nobody up for ever', async () => {
    const hasty = await openStore(`${database.url}&lock_timeout=100`);
    const holder = database.ask(
      'begin; select pg_advisory_xact_lock(7166450985412690301); select pg_sleep(0.4); commit',
    );
    await lockIsHeld();
    await expect(hasty.check()).rejects.toMatchObject({ code: 'STORE_FAILED', details: { driverCode: '55P03' } });
    await holder;
    await hasty.check();
    await hasty.close();

    const impatient = await openStore(`${database.url}&query_timeout=100&max=1`);
    await database.ask(`
      create function doze() returns trigger language plpgsql as $$ begin perform pg_sleep(0.4); return new; end $$;
      create trigger doze before insert on events for each row execute function doze()`);
    await expect(impatient.events.append(event('login'))).rejects.toMatchObject({ code: 'STORE_FAILED' });
    // Its connection was in the middle of a transaction: the next call gets another one, and the server undoes this.
    await database.ask('drop trigger doze on events');
    await store.events.append(event('login'));
    await impatient.events.append(event('login'));
    expect((await store.events.verify()).count).toBe(2);
    await impatient.close();
  });

  test('that cannot be written says so, and why', async () => {
    const [row] = await database.ask('select current_database() as name');
    await database.ask(`alter database ${String(row?.['name'])} set default_transaction_read_only = on`);
    const standby = await openStore(database.url);
    await expect(standby.check()).rejects.toMatchObject({
      code: 'STORE_FAILED',
      details: { driverCode: '25006' },
      hint: expect.stringContaining('primary'),
    });
    await standby.close();
  });

  test('that somebody edited by hand is found damaged', async () => {
    const id = await insert(store);
    await database.ask(`update requests set policy_version = 9007199254740993`);
    await expect(store.requests.find(id)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await database.ask(`update events set actor = 'mallory'`);
    await expect(store.events.verify()).rejects.toMatchObject({ code: 'EVENT_LOG_DAMAGED' });
  });
});

async function insert(store: Store): Promise<string> {
  const request = newRequest(1);
  await store.requests.insert(request, { blobs: blobs(request.id), event: { ...asked(request), at: AT } });
  return request.id;
}

describe('a password', () => {
  const SECRET = 'p/w:@ 100%';
  let server: Server;
  let told: Buffer[];
  let url: string;

  /** As much of PostgreSQL's protocol as it takes to be asked for a password in clear text, and to refuse it. */
  beforeEach(async () => {
    told = [];
    server = createServer((socket: Socket) => {
      socket.once('data', () => {
        socket.once('data', (answer) => {
          told.push(answer);
          const fields = Buffer.from('SFATAL\0C28P01\0Mno\0\0');
          const head = Buffer.alloc(5, 'E');
          head.writeInt32BE(fields.length + 4, 1);
          socket.end(Buffer.concat([head, fields]));
        });
        socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/countersign`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  test.each([
    ['from the URL', () => openStore(`postgres://service:${encodeURIComponent(SECRET)}@${url}`)],
    ['given beside it', () => openStore(`postgres://service@${url}`, { password: SECRET })],
    [
      'given beside one with parameters',
      () => openStore(`postgres://service@${url}?application_name=x`, { password: SECRET }),
    ],
  ])('%s reaches the server, and no error', async (_how, open) => {
    const error: unknown = await open().catch((reason: unknown) => reason);
    expect(told.map(String).join()).toContain(SECRET);
    expect(error).toMatchObject({ code: 'STORE_FAILED', details: { driverCode: '28P01' } });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('100%');
  });

  test.each([
    'postgres://service:100%@host:port/db',
    'postgres://service:100%@[/db',
    'postgres:service:100%@host/db',
    'postgres://service:100%25@127.0.0.1:1/db',
    'mysql://service:100%@host/db',
  ])('is in no error of a URL that leads nowhere: %s', async (bad) => {
    const error: unknown = await openStore(bad).catch((reason: unknown) => reason);
    expect(['STORE_UNSUPPORTED', 'STORE_FAILED']).toContain((error as { code?: unknown }).code);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('100%');
  });
});
