import { CountersignError } from '../errors.js';
import type { NewEvent, RootUpdateStore, SignedPart } from '../signing/index.js';
import { batchesOf } from './batches.js';
import { putBlob } from './blobs.js';
import type { Writer } from './connection.js';
import { lockOpen } from './decisions.js';
import { appendEvent } from './events.js';
import { toInteger } from './rows.js';
import type { Part } from './schema.js';

const JOURNAL: Part = 'signer-journal';

/** Adds what one signer of a root update has signed, and ends the signing with the last part. */
export async function addSignatures(
  db: Writer,
  id: string,
  { signatures, wanted, journal, at }: SignedPart,
  event: NewEvent,
): ReturnType<RootUpdateStore['addSignatures']> {
  if (!(await lockOpen(db, id))) return 'state';
  const before = await countSignatures(db, id);
  await insertSignatures(db, id, signatures);
  const after = await countSignatures(db, id);
  if (after === before) return 'exists';
  if (after !== before + signatures.length) {
    throw new CountersignError('EXTERNAL_SIGNATURE_INVALID', 'another signer has signed with one of these keys', {
      details: { request: id },
    });
  }
  if (journal !== null) await addJournal(db, id, journal);
  await appendEvent(db, event);
  if (after < wanted) return 'added';
  const signed = { state: 'signed', since: at, attempts: 0, next_attempt: null, last_error: null };
  await db.updateTable('requests').set(signed).where('id', '=', id).execute();
  return 'signed';
}

/** Signatures that are there already stay as they are. */
async function insertSignatures(db: Writer, id: string, signatures: SignedPart['signatures']): Promise<void> {
  for (const batch of batchesOf(signatures)) {
    const rows = batch.map(({ signedAt, ...columns }) => ({ request_id: id, ...columns, signed_at: signedAt }));
    await db
      .insertInto('signatures')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

async function countSignatures(db: Writer, id: string): Promise<number> {
  const { count } = await db
    .selectFrom('signatures')
    .select((select) => select.fn.countAll().as('count'))
    .where('request_id', '=', id)
    .executeTakeFirstOrThrow();
  return toInteger(count, 'signatures');
}

async function addJournal(db: Writer, id: string, journal: Buffer): Promise<void> {
  const { count } = await db
    .selectFrom('request_blobs')
    .select((select) => select.fn.countAll().as('count'))
    .where('request_id', '=', id)
    .where('part', '=', JOURNAL)
    .executeTakeFirstOrThrow();
  const row = { request_id: id, part: JOURNAL, position: toInteger(count, 'request_blobs') };
  await db
    .insertInto('request_blobs')
    .values({ ...row, sha256: await putBlob(db, journal) })
    .execute();
}
