import { sql } from 'kysely';
import { CountersignError } from '../errors.js';
import type { EventStore, NewEvent, StoredEvent } from '../signing/index.js';
import { encodeText, sha256Hex } from '../tuf/index.js';
import type { Connection, Reader, Writer } from './connection.js';
import { toEvent, toInteger } from './rows.js';

const PAGE = 500;
const GENESIS = '0'.repeat(64);

/** Appends to the chain inside the caller's transaction. */
export async function appendEvent(db: Writer, event: NewEvent): Promise<void> {
  if (event.once !== undefined) {
    const before = await db.selectFrom('events').select('seq').where('once', '=', event.once).executeTakeFirst();
    if (before !== undefined) return;
  }
  // Updating first takes the row's lock on databases that lock rows; only then is `prev` read.
  const head = await db
    .updateTable('event_head')
    .set({ seq: sql<number>`seq + 1` })
    .where('id', '=', 1)
    .returning(['seq', 'hash'])
    .executeTakeFirst();
  if (head === undefined) throw headMissing();
  const entry = {
    seq: toInteger(head.seq, 'event_head'),
    at: event.at,
    actor: event.actor,
    type: event.type,
    request: event.request,
    details: encodeText(event.details),
    prev: head.hash,
  };
  const hash = hashOf(entry);
  const { request, ...columns } = entry;
  await db
    .insertInto('events')
    .values({ ...columns, request_id: request, once: event.once ?? null, hash })
    .execute();
  await db.updateTable('event_head').set({ hash }).where('id', '=', 1).execute();
}

/** Writes the end of the log with what it holds: a read-only file or a full disk shows, the data does not change. */
export async function touchHead(db: Writer): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('event_head')
    .set((eb) => ({ hash: eb.ref('hash') }))
    .where('id', '=', 1)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw headMissing();
}

export function createEventStore(connection: Connection): EventStore {
  return {
    append: (event) => connection.write((db) => appendEvent(db, event)),
    list: ({ after, limit }) => connection.read((db) => readPage(db, after, limit)),
    last: (type) => connection.read((db) => readLast(db, type)),
    verify: () => verifyChain(connection),
  };
}

async function readPage(db: Reader, after: number, limit: number): Promise<StoredEvent[]> {
  const rows = await db.selectFrom('events').selectAll().where('seq', '>', after).orderBy('seq').limit(limit).execute();
  return rows.map(toEvent);
}

async function readLast(db: Reader, type: string): Promise<StoredEvent | null> {
  const row = await db
    .selectFrom('events')
    .selectAll()
    .where('type', '=', type)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : toEvent(row);
}

/**
 * Recomputes every hash and looks for every request that the log says was asked. Page by page, so that others
 * can write meanwhile; what they append is walked too.
 */
async function verifyChain(connection: Connection): Promise<{ count: number; hash: string }> {
  let last = { seq: 0, hash: GENESIS };
  for (;;) {
    const page = await connection.read((db) => readPage(db, last.seq, PAGE));
    for (const event of page) {
      const { hash, ...entry } = event;
      if (event.seq !== last.seq + 1) throw damagedLog(last.seq + 1, 'an event is missing');
      if (event.prev !== last.hash) throw damagedLog(event.seq, 'an event does not follow the one before it');
      if (hashOf(entry) !== hash) throw damagedLog(event.seq, 'an event was altered');
      last = { seq: event.seq, hash };
    }
    await connection.read((db) => checkAsked(db, page));
    await connection.read((db) => checkDecided(db, page));
    if (page.length > 0) continue;
    const head = await connection.read((db) =>
      db.selectFrom('event_head').select(['seq', 'hash']).where('id', '=', 1).executeTakeFirst(),
    );
    const headSeq = head === undefined ? -1 : toInteger(head.seq, 'event_head');
    if (headSeq > last.seq && (await connection.read((db) => readPage(db, last.seq, 1))).length > 0) continue;
    if (head === undefined || headSeq !== last.seq || head.hash !== last.hash) {
      throw damagedLog(last.seq + 1, 'the end of the log is missing');
    }
    return { count: last.seq, hash: last.hash };
  }
}

/** An officer's decision that was taken out of the database by hand leaves the event that tells of it behind. */
async function checkDecided(db: Reader, page: readonly StoredEvent[]): Promise<void> {
  for (const [type, table] of [
    ['approved', 'approvals'],
    ['rejected', 'rejections'],
  ] as const) {
    const events = page.filter((event) => event.type === type);
    if (events.length === 0) continue;
    const ids = events.flatMap((event) => (event.request === null ? [] : [event.request]));
    const rows = await db
      .selectFrom(table)
      .select(['request_id', 'person', 'fingerprint'])
      .where('request_id', 'in', ids)
      .execute();
    for (const event of events) {
      const row = rows.find((one) => one.request_id === event.request && one.person === event.actor);
      if (row?.fingerprint === detailOf(event, 'fingerprint')) continue;
      throw damagedLog(event.seq, `what ${event.actor} decided is gone or is another decision now`);
    }
  }
}

function detailOf({ details }: StoredEvent, member: string): unknown {
  const value: unknown = JSON.parse(details);
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(member)
    : null;
}

/** A request that was taken out of the database by hand leaves its `asked` event behind. */
async function checkAsked(db: Reader, page: readonly StoredEvent[]): Promise<void> {
  const asked = page.filter((event) => event.type === 'asked');
  const ids = asked.flatMap((event) => (event.request === null ? [] : [event.request]));
  if (ids.length === 0) return;
  const rows = await db
    .selectFrom('requests')
    .select(['id', 'statement_sha256', 'statement'])
    .where('id', 'in', ids)
    .execute();
  const statements = new Map(rows.map((row) => [row.id, row]));
  for (const event of asked) {
    const row = statements.get(event.request ?? '');
    const told = detailOf(event, 'statement');
    if (row === undefined) throw damagedLog(event.seq, 'the request that this event tells of is gone');
    if (row.statement_sha256 !== told || sha256Hex(row.statement) !== told) {
      throw damagedLog(event.seq, 'the request that this event tells of has another statement now');
    }
  }
}

function hashOf(entry: Omit<StoredEvent, 'hash'>): string {
  return sha256Hex(encodeText({ ...entry }));
}

function headMissing(): CountersignError {
  return damagedLog(0, 'the row that holds the end of the log is missing');
}

function damagedLog(seq: number, reason: string): CountersignError {
  return new CountersignError('EVENT_LOG_DAMAGED', `the event log does not hold at number ${seq}: ${reason}`, {
    hint: 'Somebody or something changed the database outside this program: keep it and compare it with a backup.',
    details: { seq },
  });
}
