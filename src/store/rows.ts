import { z } from 'zod';
import { CountersignError, ERROR_CODES } from '../errors.js';
import {
  CLOSED_BECAUSE,
  EVENT_TYPES,
  REQUEST_STATES,
  SCOPES,
  type LastError,
  type RequestKey,
  type RequestMaterial,
  type RootTransaction,
  type StoredEvent,
  type StoredExternalSignature,
  type StoredRejection,
  type StoredRequest,
  type StoredRootUpdate,
  type StoredSignature,
  type TokenRecord,
} from '../signing/index.js';
import type { EventRow, Part, RequestKeyRow, RequestRow, RootUpdateRow, Schema, TokenRow } from './schema.js';
import type { Selectable } from 'kysely';

/**
 * Rows to types. A database may have been edited by hand: a row that is not of the known form is an error that
 * names the table, not something to guess about.
 */

const lastErrorSchema = z.strictObject({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  hint: z.string().optional(),
  at: z.string(),
});

const kindSchema = z.enum(['wave', 'root', 'bundle', 'policy']);
const requesterSchema = z.object({
  name: z.string(),
  kind: z.enum(['person', 'ci']),
  via: z.enum(['ci', 'token', 'login', 'fioctl']),
  requestKey: z.string().nullable(),
});

/** @throws STORE_FAILED if it is no safe integer */
export function toInteger(value: bigint | number | string, table: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw damaged(table);
  return number;
}

export function toRequest(
  row: RequestRow,
  parts: readonly PartRow[],
  rootUpdate: RootUpdateRow | undefined,
): StoredRequest {
  return {
    id: row.id,
    factory: row.factory,
    kind: parsed(kindSchema, row.kind, 'requests'),
    state: parsed(z.enum(REQUEST_STATES), row.state, 'requests'),
    closedBecause: row.closed_because === null ? null : parsed(z.enum(CLOSED_BECAUSE), row.closed_because, 'requests'),
    wave: toWave(row),
    bundleTag: row.bundle_tag,
    root: rootUpdate === undefined ? null : toRootUpdate(rootUpdate, parts),
    requester: parsed(
      requesterSchema,
      {
        name: row.requester_name,
        kind: row.requester_kind,
        via: row.requester_via,
        requestKey: row.request_key,
      },
      'requests',
    ),
    reason: row.reason,
    created: row.created,
    expires: row.expires,
    statement: row.statement,
    statementSha256: row.statement_sha256,
    material: toMaterial(row, parts),
    lastError: row.last_error === null ? null : parseLastError(row.last_error),
    attempts: toInteger(row.attempts, 'requests'),
    nextAttempt: row.next_attempt,
    published: row.published,
    signerTold: row.signer_told,
    since: row.since,
  };
}

function toWave(row: RequestRow): StoredRequest['wave'] {
  if (row.wave_name === null || row.wave_tag === null || row.wave_version === null) return null;
  return { name: row.wave_name, tag: row.wave_tag, version: toInteger(row.wave_version, 'requests') };
}

type PartRow = Pick<Selectable<Schema['request_blobs']>, 'part' | 'position' | 'sha256'>;

/** The digests of one part, in order. */
function digestsOf(parts: readonly PartRow[], part: Part): string[] {
  return parts
    .filter((entry) => entry.part === part)
    .sort((a, b) => toInteger(a.position, 'request_blobs') - toInteger(b.position, 'request_blobs'))
    .map((entry) => entry.sha256);
}

function toRootUpdate(row: RootUpdateRow, parts: readonly PartRow[]): StoredRootUpdate {
  const [[ci], [production]] = [digestsOf(parts, 'published-root-ci'), digestsOf(parts, 'published-root-production')];
  return {
    submission: row.submission,
    submissionSha256: row.submission_sha256,
    transaction: row.state === 'ended' ? 'ended' : 'open',
    own: toInteger(row.own, 'root_updates') === 1,
    applySent: row.apply_sent,
    rebuiltFrom: row.rebuilt_from,
    rebuiltAs: row.rebuilt_as,
    rebuildWanted: toInteger(row.rebuild_wanted, 'root_updates') === 1,
    journals: digestsOf(parts, 'signer-journal'),
    published: ci === undefined || production === undefined ? null : { ci, production },
  };
}

export function toRootTransaction(row: RootUpdateRow): RootTransaction {
  return {
    id: row.id,
    factory: row.factory,
    attempt: row.attempt,
    message: row.message,
    own: toInteger(row.own, 'root_updates') === 1,
    submission: row.submission,
    submissionSha256: row.submission_sha256,
    rebuiltFrom: row.rebuilt_from,
    at: row.at,
    state: parsed(z.enum(['beginning', 'open', 'ended']), row.state, 'root_updates'),
    txid: row.txid,
    salt: row.salt,
  };
}

function toMaterial(row: RequestRow, parts: readonly PartRow[]): RequestMaterial {
  const of = (part: Part) => digestsOf(parts, part);
  const ciTargets = of('ci-targets')[0];
  if (ciTargets === undefined) throw damaged('request_blobs');
  return {
    policyVersion: toInteger(row.policy_version, 'requests'),
    rootsCi: of('root-ci'),
    rootsProduction: of('root-production'),
    ciTargets,
    productionTargets: of('production-targets'),
    waveTargets: of('wave-targets'),
    documents: of('document'),
    bundle: of('bundle')[0] ?? null,
  };
}

function parseLastError(text: string): LastError {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged('requests');
  }
  const { hint, ...rest } = parsed(lastErrorSchema, value, 'requests');
  return hint === undefined ? rest : { ...rest, hint };
}

export function toEvent(row: EventRow): StoredEvent {
  return {
    seq: toInteger(row.seq, 'events'),
    at: row.at,
    actor: row.actor,
    type: parsed(z.enum(EVENT_TYPES), row.type, 'events'),
    request: row.request_id,
    details: row.details,
    prev: row.prev,
    hash: row.hash,
  };
}

export function toRejection(row: Selectable<Schema['rejections']>): StoredRejection {
  return {
    person: row.person,
    fingerprint: row.fingerprint,
    sshsig: row.sshsig,
    at: row.at,
    rejection: row.rejection,
    reason: row.reason,
    vetoed: row.vetoed,
    vetoRefused: row.veto_refused,
  };
}

export function toSignature(row: Selectable<Schema['signatures']>): StoredSignature {
  return {
    document: toInteger(row.document, 'signatures'),
    keyid: row.keyid,
    method: row.method,
    sig: row.sig,
    signedAt: row.signed_at,
  };
}

export function toExternalSignature(row: Selectable<Schema['external_signatures']>): StoredExternalSignature {
  return {
    document: toInteger(row.document, 'external_signatures') === 0 ? 0 : 1,
    keyid: row.keyid,
    method: row.method,
    sig: row.sig,
  };
}

export function toToken(row: TokenRow): TokenRecord {
  return {
    id: row.id,
    name: row.name,
    kind: parsed(z.enum(['person', 'ci']), row.kind, 'tokens'),
    person: row.person,
    scopes: row.scopes === '' ? [] : parsed(z.array(z.enum(SCOPES)), row.scopes.split(' '), 'tokens'),
    secretSha256: row.secret_sha256,
    created: row.created,
    expires: row.expires,
    revoked: row.revoked,
    lastUsed: row.last_used,
  };
}

export function toRequestKey(row: RequestKeyRow): RequestKey {
  return {
    id: row.id,
    set: row.key_set,
    name: row.name,
    kind: parsed(z.enum(['person', 'ci']), row.kind, 'request_keys'),
    polisId: row.polis_id,
    factory: row.factory,
    role: parsed(z.enum(['root', 'targets']), row.role, 'request_keys'),
    key: {
      keytype: parsed(z.enum(['RSA', 'ED25519']), row.keytype, 'request_keys'),
      keyval: { public: row.public },
    },
    keyid: row.keyid,
    created: row.created,
    revoked: row.revoked,
  };
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, table: string): T {
  const result = schema.safeParse(value);
  if (!result.success) throw damaged(table);
  return result.data;
}

function damaged(table: string): CountersignError {
  return new CountersignError('STORE_FAILED', `a row of the table ${table} is not of the form this program writes`, {
    hint: 'The database was edited or comes from another version: compare it with a backup.',
    details: { table },
  });
}
