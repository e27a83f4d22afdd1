import { CountersignError } from '../errors.js';
import type { BlobStore } from '../signing/index.js';
import { sha256Hex } from '../tuf/index.js';
import { batchesOf } from './batches.js';
import type { Connection, Writer } from './connection.js';

/** Stores bytes under their digest; the same bytes again change nothing. Answers the digest. */
export async function putBlob(db: Writer, bytes: Buffer): Promise<string> {
  const sha256 = sha256Hex(bytes);
  await db
    .insertInto('blobs')
    .values({ sha256, bytes })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return sha256;
}

/** Stores many, the same bytes once. */
export async function putBlobs(db: Writer, blobs: readonly Buffer[]): Promise<void> {
  const rows = new Map(blobs.map((bytes) => [sha256Hex(bytes), bytes]));
  for (const batch of batchesOf([...rows].map(([sha256, bytes]) => ({ sha256, bytes })))) {
    await db
      .insertInto('blobs')
      .values(batch)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

export function createBlobStore(connection: Connection): BlobStore {
  return {
    get: async (sha256) => {
      const row = await connection.read((db) =>
        db.selectFrom('blobs').select('bytes').where('sha256', '=', sha256).executeTakeFirst(),
      );
      if (row === undefined || sha256Hex(row.bytes) !== sha256) {
        throw new CountersignError('STORE_FAILED', 'a stored document is missing or was altered', {
          hint: 'The database was edited or damaged: compare it with a backup.',
          details: { table: 'blobs', sha256 },
        });
      }
      return row.bytes;
    },
  };
}
