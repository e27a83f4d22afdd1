import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseStatement } from '../../src/dossier/index.js';
import { createAuth } from '../../src/http/index.js';
import { encodeText, sha256Hex } from '../../src/tuf/index.js';
import { createBearer, formatBearer, hashSecret } from '../../src/http/auth/bearer.js';
import { officer, openAttackWorld, type AttackWorld } from '../support/attack-world.js';
import { rejectionOf } from '../support/reject-code.js';

/** The database is the attacker's: SQL past the program, with the service and the signer as they are. */

let world: AttackWorld;
beforeEach(async () => {
  world = await openAttackWorld();
});
afterEach(() => world.end());

const GONE = { code: 'EVENT_LOG_DAMAGED' };

async function expectNothingSigned(): Promise<void> {
  await world.service.reconcile();
  expect(world.token.signed).toEqual([]);
  expect(world.factory.waveList).toEqual([]);
}

/** Puts another statement in the place of the one that was approved, digest and all. */
async function swapStatement(id: string, change: (text: string) => string): Promise<void> {
  const before = await world.service.statement(id);
  const text = change(before);
  expect(text).not.toBe(before);
  world.edit('update requests set statement = ?, statement_sha256 = ? where id = ?', text, sha256Hex(text), id);
}

/** Stores bytes and lets the request's document be them. */
function swapDocument(id: string, text: string): string {
  const bytes = Buffer.from(text);
  const sha256 = sha256Hex(bytes);
  world.edit('insert into blobs (sha256, bytes) values (?, ?)', sha256, bytes);
  world.edit("update request_blobs set sha256 = ? where request_id = ? and part like 'document%'", sha256, id);
  return sha256;
}

test('what is approved is signed and delivered: the attacks below fail for their own reasons', async () => {
  const id = await world.approved();
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
  expect(world.token.signed).toHaveLength(1);
  await world.service.verifyEvents();
});

describe('a request that one of two officers approved', () => {
  let id: string;
  beforeEach(async () => {
    id = await world.approved({}, ['alice']);
  });

  test.each([
    ['is signed, says its row', "update requests set state = 'signed'"],
    ['is delivered, says its row', "update requests set state = 'delivered'"],
    ['needs no policy, says its row', 'update requests set policy_version = 0'],
    ["has another person's row with the same signature", "update approvals set person = 'bob'"],
    [
      'has a second row with the same signature',
      `insert into approvals select request_id, 'bob', fingerprint, sshsig, at from approvals`,
    ],
    [
      'has a second row with no signature at all',
      `insert into approvals select request_id, 'bob', fingerprint, 'approved', at from approvals`,
    ],
  ])('and %s, is not signed', async (_what, sql) => {
    world.edit(sql);
    await expectNothingSigned();
  });

  test('and has a forged signature row, is neither signed nor delivered', async () => {
    const { statement } = (await world.store.requests.find(id)) ?? { statement: '' };
    const [{ sign }] = parseStatement(statement).documents;
    const sig = Buffer.alloc(64, 7).toString('base64');
    const at = '2026-11-22T16:00:00Z';
    world.edit("insert into signatures values (?, 0, ?, 'ed25519', ?, ?)", id, sign[0], sig, at);
    world.edit("update requests set state = 'signed'");
    await expectNothingSigned();
    expect(await world.service.get(id)).not.toMatchObject({ state: 'delivered' });
  });

  test('and has an approval that the other gave to another request, is not signed', async () => {
    await world.service.cancel(id, officer('alice'), 'again');
    const again = await world.approved({ expires: '2027-01-31T00:00:00Z' }, ['bob']);
    world.edit(
      "insert into approvals select ?, person, fingerprint, sshsig, at from approvals where person = 'alice'",
      again,
    );
    await expectNothingSigned();
  });

  test('and was asked for by its approver, is not signed because its row names another requester', async () => {
    await world.service.cancel(id, officer('alice'), 'again');
    const own = await world.ask({}, officer('alice'));
    const statement = await world.service.statement(own);
    const at = '2026-11-22T16:00:00Z';
    world.edit("update requests set requester_name = 'ci-main' where id = ?", own);
    for (const person of ['alice', 'bob']) {
      const sshsig = world.fixture.approve(person, statement);
      world.edit('insert into approvals values (?, ?, ?, ?, ?)', own, person, 'SHA256:x', sshsig, at);
    }
    await expectNothingSigned();
  });
});

describe('a request that has its quorum', () => {
  let id: string;
  beforeEach(async () => {
    id = await world.approved();
  });

  test.each<[string, (text: string) => string]>([
    ['another tag', (text) => text.replace('"tag":"production"', '"tag":"staging"')],
    ['a lower version', (text) => text.replaceAll('"version":42', '"version":41')],
    ['a later expiry of the Wave', (text) => text.replaceAll(/"expires":"2027/g, '"expires":"2028')],
    ['another keyid', (text) => text.replace(/"sign":\["[0-9a-f]{64}"\]/, `"sign":["${'0'.repeat(64)}"]`)],
    ["the online key's keyid", (text) => text.replace(/"sign":\["[0-9a-f]{64}"\]/, `"sign":["${online()}"]`)],
    ['another requester', (text) => text.replace('"name":"ci-main"', '"name":"ci-main2"')],
    [
      'a later end',
      (text) => text.replace(/"expires":"2026-11-2([0-9])/, (_all, day) => `"expires":"2026-11-2${Number(day) + 1}`),
    ],
  ])('and a statement with %s in the place of the approved one, is not signed', async (_what, change) => {
    await swapStatement(id, change);
    await expectNothingSigned();
    await expect(world.service.verifyEvents()).rejects.toMatchObject(GONE);
  });

  test.each<[string, (text: string) => string]>([
    ['bytes under the same digest', (text) => text.replace('"version":42}', '"version":41}')],
    ['a byte less', (text) => text.slice(0, -1)],
  ])('and other %s in its document, is not signed', async (_what, change) => {
    const [{ sha256 }] = parseStatement(await world.service.statement(id)).documents;
    const bytes = change((await world.store.blobs.get(sha256)).toString('utf8'));
    world.edit('update blobs set bytes = ? where sha256 = ?', Buffer.from(bytes), sha256);
    await expectNothingSigned();
  });

  test('and another document in the place of the approved one, is not signed', async () => {
    const [{ sha256 }] = parseStatement(await world.service.statement(id)).documents;
    const text = (await world.store.blobs.get(sha256)).toString('utf8').replace('"version":42}', '"version":41}');
    swapDocument(id, text);
    await expectNothingSigned();
  });

  test('and another document that its statement names as well, is not signed', async () => {
    const [{ sha256, length }] = parseStatement(await world.service.statement(id)).documents;
    const text = (await world.store.blobs.get(sha256)).toString('utf8').replace('"version":42}', '"version":41}');
    expect(Buffer.byteLength(text)).toBe(length);
    const other = swapDocument(id, text);
    await swapStatement(id, (statement) => statement.replace(sha256, other));
    await expectNothingSigned();
  });

  test('that is taken away again, waits for it anew; the log tells that an approval is gone', async () => {
    world.edit("delete from approvals where person = 'bob'");
    await expectNothingSigned();
    await expect(world.service.verifyEvents()).rejects.toMatchObject(GONE);
    await world.approve(id, 'bob');
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
  });

  test('of approvals that were moved to another request, is not signed there', async () => {
    await world.service.cancel(id, officer('alice'), 'again');
    const again = await world.ask({ name: 'w43', version: 43 });
    world.edit('update approvals set request_id = ?', again);
    await expectNothingSigned();
    await expect(world.service.verifyEvents()).rejects.toMatchObject(GONE);
  });

  test('and a rejection that is deleted afterwards, is not signed: the signer knows; and the log misses it', async () => {
    const statement = await world.service.statement(id);
    const { text, sshsig } = world.fixture.reject('carol', statement, 'no');
    await world.service.reject(id, { rejection: text, sshsig }, officer('carol'));
    world.edit('delete from rejections');
    world.edit("update requests set state = 'open', closed_because = null");
    await expectNothingSigned();
    expect(await world.service.get(id)).toMatchObject({ state: 'closed', closedBecause: 'rejected' });
    await expect(world.service.verifyEvents()).rejects.toMatchObject(GONE);
  });
});

describe('a request that was signed', () => {
  let id: string;
  beforeEach(async () => {
    id = await world.approved();
    await world.service.reconcile();
    expect(world.token.signed).toHaveLength(1);
  });

  test('and is set back to open, gets the signature that it has', async () => {
    const before = await world.store.requests.signatures(id);
    world.edit('delete from signatures');
    world.edit("update requests set state = 'open', published = null, signer_told = null");
    world.factory.waveList.length = 0;
    await world.service.reconcile();
    expect(await world.store.requests.signatures(id)).toEqual(before);
    expect(world.token.signed).toHaveLength(1);
  });

  test('and is removed by hand, is missed by the event log', async () => {
    for (const table of ['approvals', 'signatures', 'request_blobs']) world.edit(`delete from ${table}`);
    world.edit('delete from requests');
    await expect(world.service.verifyEvents()).rejects.toMatchObject(GONE);
  });

  test('and is removed by hand with the whole event log, is missed by the journal', async () => {
    for (const table of ['approvals', 'signatures', 'request_blobs', 'events', 'requests']) {
      world.edit(`delete from ${table}`);
    }
    world.edit('update event_head set seq = 0, hash = ?', '0'.repeat(64));
    await world.service.verifyEvents(); // the log alone cannot tell: nothing in it is secret
    world.factory.waveList.length = 0;
    expect(await rejectionOf(world.ask({ expires: '2027-01-31T00:00:00Z' }))).toMatch(/^WATERMARK_/);
    const { watermarks } = await world.signer.status();
    expect(watermarks).toMatchObject([{ tag: 'production', issued: { version: 42 } }]);
  });
});

test('a session that is put into the table decides nothing: a decision is a signature', async () => {
  const bearer = createBearer('session');
  const { fixture } = world;
  const auth = createAuth({
    ...{ store: world.store, policy: () => fixture.policy, clock: world.clock },
    ...{ service: fixture.pins.policySha256, sessionMinutes: 60 },
  });
  const fingerprint = await fingerprintOf('bob');
  const [created, expires] = ['2026-11-22T16:00:00Z', '2026-11-23T16:00:00Z'];
  world.edit(
    'insert into sessions (id, person, fingerprint, secret_sha256, created, expires) values (?, ?, ?, ?, ?, ?)',
    ...[bearer.id, 'bob', fingerprint, hashSecret(bearer.secret), created, expires],
  );
  const { caller } = await auth.authenticate(`Bearer ${formatBearer(bearer)}`);
  expect(caller).toMatchObject({ person: 'bob' }); // so far the attacker comes: whoever writes the database is let in
  const id = await world.approved({}, ['alice']);
  const statement = await world.service.statement(id);
  const alices = fixture.approve('alice', statement);
  expect(await rejectionOf(world.service.approve(id, { sshsig: alices }, caller))).toMatch(/^FORBIDDEN/);
  const bobsToOther = fixture.approve('bob', encodeText({ ...parseStatement(statement), reason: 'another' }));
  expect(await rejectionOf(world.service.approve(id, { sshsig: bobsToOther }, caller))).toMatch(/^SSHSIG_MISMATCH/);
  await expectNothingSigned();
});

function online(): string {
  return world.fixture.keys.online.keyid;
}

/** As the service itself writes it. */
async function fingerprintOf(person: string): Promise<string> {
  const id = await world.approved({ name: 'w40', version: 40, tag: 'other' }, [person]);
  const [approval] = await world.store.requests.approvals(id);
  if (approval === undefined) throw new Error('no approval');
  return approval.fingerprint;
}
