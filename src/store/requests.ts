import { sql } from 'kysely';
import { CountersignError } from '../errors.js';
import type { NewRequest, RequestStore, StoredRequest } from '../signing/index.js';
import { putBlob, putBlobs } from './blobs.js';
import { batchesOf } from './batches.js';
import type { Connection, Writer } from './connection.js';
import { addApproval, addRejection, markVetoed, markVetoRefused } from './decisions.js';
import { appendEvent } from './events.js';
import { bindKey, findKey, insertKey } from './idempotency.js';
import { createRequestCounts } from './request-counts.js';
import { CLAIMING, complete, createRequestQueries, HOLDING } from './request-queries.js';
import { markRebuildWanted, openTransaction, putPublishedRoots } from './root-updates.js';
import { toRejection, toSignature } from './rows.js';
import type { Part } from './schema.js';

export function createRequestStore(connection: Connection): RequestStore {
  return {
    ...createRequestQueries(connection),
    ...createRequestCounts(connection),
    insert: (request, more) =>
      connection.write(async (db) => {
        if (more.idempotency !== undefined) {
          const used = await findKey(db, more.idempotency);
          if (used !== null) return used;
        }
        const claim = more.claim ?? null;
        const inserted = await insertRow(db, request, claim, more.event.at);
        if (!inserted) return { outcome: 'exists', id: await holderId(db, request, claim) };
        if (more.attempt !== undefined) await openTransaction(db, request.id, more.attempt);
        await putBlobs(db, more.blobs);
        await insertParts(db, request);
        if (more.idempotency !== undefined) await insertKey(db, more.idempotency, request.id, more.event.at);
        await appendEvent(db, more.event);
        return { outcome: 'created' };
      }),
    bindIdempotencyKey: (key, id, at) => connection.write((db) => bindKey(db, key, id, at)),
    findIdempotencyKey: async (key, caller) => {
      const row = await connection.read((db) =>
        db
          .selectFrom('idempotency')
          .select(['request_sha256', 'request_id'])
          .where('key', '=', key)
          .where('caller', '=', caller)
          .executeTakeFirst(),
      );
      return row === undefined ? null : { requestSha256: row.request_sha256, id: row.request_id };
    },
    transition: (id, transition, events) =>
      connection.write(async (db) => {
        const published = transition.published === undefined ? undefined : await putBlob(db, transition.published);
        const { numUpdatedRows } = await db
          .updateTable('requests')
          .set({
            state: transition.to,
            since: transition.at,
            attempts: 0,
            next_attempt: null,
            last_error: transition.lastError ? JSON.stringify(transition.lastError) : null,
            ...(transition.closedBecause === undefined ? {} : { closed_because: transition.closedBecause }),
            ...(published === undefined ? {} : { published }),
          })
          .where('id', '=', id)
          .where('state', 'in', [...transition.from])
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) return false;
        for (const batch of batchesOf(transition.signatures ?? [])) {
          const rows = batch.map(({ signedAt, ...columns }) => ({ request_id: id, ...columns, signed_at: signedAt }));
          await db.insertInto('signatures').values(rows).execute();
        }
        if (transition.publishedRoots !== undefined) await putPublishedRoots(db, id, transition.publishedRoots);
        if (transition.rebuildWanted === true) await markRebuildWanted(db, id);
        for (const event of events) await appendEvent(db, event);
        return true;
      }),
    recordFailure: (id, failure) =>
      connection.write(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('requests')
          .set({
            last_error: failure.error === null ? null : JSON.stringify(failure.error),
            ...(failure.waiting === true ? {} : { attempts: sql<number>`attempts + 1` }),
            next_attempt: failure.nextAttempt,
          })
          .where('id', '=', id)
          .where('state', '=', failure.state)
          .executeTakeFirst();
        return numUpdatedRows === 1n;
      }),
    addApproval: (id, approval, event) => connection.write((db) => addApproval(db, id, approval, event)),
    addRejection: (id, rejection, events) => connection.write((db) => addRejection(db, id, rejection, events)),
    markVetoed: (id, person, at, event) => connection.write((db) => markVetoed(db, id, person, at, event)),
    markVetoRefused: (id, person, code) => connection.write((db) => markVetoRefused(db, id, person, code)),
    markSignerTold: (id, at, event) =>
      connection.write(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('requests')
          .set({ signer_told: at, last_error: null, attempts: 0, next_attempt: null })
          .where('id', '=', id)
          .where('signer_told', 'is', null)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) return false;
        await appendEvent(db, event);
        return true;
      }),
    approvals: (id) =>
      connection.read((db) =>
        db
          .selectFrom('approvals')
          .select(['person', 'fingerprint', 'sshsig', 'at'])
          .where('request_id', '=', id)
          .orderBy('at')
          .orderBy('person')
          .execute(),
      ),
    rejections: async (id) => {
      const rows = await connection.read((db) =>
        db.selectFrom('rejections').selectAll().where('request_id', '=', id).orderBy('at').orderBy('person').execute(),
      );
      return rows.map(toRejection);
    },
    signatures: async (id) => {
      const rows = await connection.read((db) =>
        db
          .selectFrom('signatures')
          .selectAll()
          .where('request_id', '=', id)
          .orderBy('document')
          .orderBy('keyid')
          .execute(),
      );
      return rows.map(toSignature);
    },
    listUnsentVetoes: (limit) =>
      connection.read(async (db) => {
        const rejections = await db
          .selectFrom('rejections')
          .selectAll()
          .where('vetoed', 'is', null)
          .where('veto_refused', 'is', null)
          .orderBy('at')
          .limit(limit)
          .execute();
        if (rejections.length === 0) return [];
        const ids = rejections.map((row) => row.request_id);
        const rows = await db.selectFrom('requests').selectAll().where('id', 'in', ids).execute();
        const requests = new Map((await complete(db, rows)).map((request) => [request.id, request]));
        return rejections.flatMap((row) => {
          const request = requests.get(row.request_id);
          return request === undefined ? [] : [{ request, rejection: toRejection(row) }];
        });
      }),
  };
}

/** False when a unique index says that another request holds the tag, the Factory's root or the claim. */
async function insertRow(db: Writer, request: NewRequest, claim: string | null, at: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('requests')
    .values({
      id: request.id,
      factory: request.factory,
      kind: request.kind,
      state: 'preparing',
      closed_because: null,
      wave_name: request.wave?.name ?? null,
      wave_tag: request.wave?.tag ?? null,
      wave_version: request.wave?.version ?? null,
      bundle_tag: request.bundleTag,
      claim,
      requester_name: request.requester.name,
      requester_kind: request.requester.kind,
      requester_via: request.requester.via,
      request_key: request.requester.requestKey,
      reason: request.reason,
      created: request.created,
      expires: request.expires,
      statement: request.statement,
      statement_sha256: request.statementSha256,
      policy_version: request.material.policyVersion,
      last_error: null,
      attempts: 0,
      next_attempt: null,
      published: null,
      signer_told: null,
      since: at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

async function insertParts(db: Writer, { id, material }: StoredRequest | NewRequest): Promise<void> {
  const parts: readonly (readonly [Part, readonly string[]])[] = [
    ['root-ci', material.rootsCi],
    ['root-production', material.rootsProduction],
    ['ci-targets', [material.ciTargets]],
    ['production-targets', material.productionTargets],
    ['wave-targets', material.waveTargets],
    ['document', material.documents],
    ['bundle', material.bundle === null ? [] : [material.bundle]],
  ];
  for (const [part, digests] of parts) {
    const rows = digests.map((sha256, position) => ({ request_id: id, part, position, sha256 }));
    for (const batch of batchesOf(rows)) await db.insertInto('request_blobs').values(batch).execute();
  }
}

async function holderId(db: Writer, request: NewRequest, claim: string | null): Promise<string> {
  const rows = db
    .selectFrom('requests')
    .select('id')
    .where('factory', '=', request.factory)
    .where('kind', '=', request.kind);
  const holding = rows.where('state', 'in', [...HOLDING]);
  const holder = await (
    claim !== null
      ? rows.where('claim', '=', claim).where('state', 'in', [...CLAIMING])
      : request.wave === null
        ? holding
        : holding.where('wave_tag', '=', request.wave.tag)
  ).executeTakeFirst();
  if (holder === undefined)
    throw new CountersignError('STORE_FAILED', 'a request of this id or statement is there already');
  return holder.id;
}
