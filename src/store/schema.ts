import type { ColumnType, Insertable, Selectable, Updateable } from 'kysely';

/** SQLite answers `bigint` (safe integers are on), PostgreSQL text for its bigint; both take a number. */
export type Integer = ColumnType<bigint | number | string, number, number>;
type NullableInteger = ColumnType<bigint | number | string | null, number | null, number | null>;

interface RequestsTable {
  id: string;
  factory: string;
  kind: string;
  state: string;
  closed_because: string | null;
  wave_name: string | null;
  wave_tag: string | null;
  wave_version: NullableInteger;
  bundle_tag: string | null;
  claim: string | null;
  requester_name: string;
  requester_kind: string;
  requester_via: string;
  request_key: string | null;
  reason: string;
  created: string;
  expires: string;
  statement: string;
  statement_sha256: string;
  policy_version: Integer;
  last_error: string | null;
  attempts: Integer;
  next_attempt: string | null;
  published: string | null;
  signer_told: string | null;
  since: string;
}

export type Part =
  | 'root-ci'
  | 'root-production'
  | 'ci-targets'
  | 'production-targets'
  | 'wave-targets'
  | 'document'
  | 'bundle'
  | 'published-root-ci'
  | 'published-root-production'
  | 'signer-journal';

interface RequestBlobsTable {
  request_id: string;
  part: string;
  position: Integer;
  sha256: string;
}

interface BlobsTable {
  sha256: string;
  bytes: Buffer;
}

interface ApprovalsTable {
  request_id: string;
  person: string;
  fingerprint: string;
  sshsig: string;
  at: string;
}

interface RejectionsTable extends ApprovalsTable {
  rejection: string;
  reason: string;
  vetoed: string | null;
  veto_refused: string | null;
}

interface SignaturesTable {
  request_id: string;
  document: Integer;
  keyid: string;
  method: string;
  sig: string;
  signed_at: string;
}

/** `own` and `rebuild_wanted` are 0 or 1. */
interface RootUpdatesTable {
  id: string;
  factory: string;
  state: string;
  attempt: string;
  message: string;
  own: Integer;
  txid: string;
  salt: string;
  submission: string;
  submission_sha256: string;
  apply_sent: string | null;
  rebuilt_from: string | null;
  rebuilt_as: string | null;
  rebuild_wanted: Integer;
  at: string;
}

interface ExternalSignaturesTable {
  request_id: string;
  document: Integer;
  keyid: string;
  method: string;
  sig: string;
}

interface EventsTable {
  seq: Integer;
  at: string;
  actor: string;
  type: string;
  request_id: string | null;
  details: string;
  once: string | null;
  prev: string;
  hash: string;
}

/** One row: where the chain ends. Whoever appends updates it first, which makes others wait. */
interface EventHeadTable {
  id: Integer;
  seq: Integer;
  hash: string;
}

interface IdempotencyTable {
  key: string;
  caller: string;
  request_sha256: string;
  request_id: string;
  at: string;
}

interface TokensTable {
  id: string;
  name: string;
  kind: string;
  person: string | null;
  scopes: string;
  secret_sha256: string;
  created: string;
  expires: string;
  revoked: string | null;
  last_used: string | null;
}

interface SessionsTable {
  id: string;
  person: string;
  fingerprint: string;
  secret_sha256: string;
  created: string;
  expires: string;
}

interface ChallengesTable {
  sha256: string;
  text: string;
  person: string;
  fingerprint: string;
  created: string;
  expires: string;
}

interface RequestKeysTable {
  id: string;
  key_set: string;
  name: string;
  kind: string;
  polis_id: string;
  factory: string;
  role: string;
  keytype: string;
  public: string;
  keyid: string;
  created: string;
  revoked: string | null;
}

/** Drafts of root updates, one an account and Factory. */
interface GatewayDraftsTable {
  factory: string;
  polis_id: string;
  id: string;
  revision: Integer;
  text: string;
  at: string;
}

export interface Schema {
  requests: RequestsTable;
  request_blobs: RequestBlobsTable;
  blobs: BlobsTable;
  approvals: ApprovalsTable;
  rejections: RejectionsTable;
  signatures: SignaturesTable;
  root_updates: RootUpdatesTable;
  external_signatures: ExternalSignaturesTable;
  events: EventsTable;
  event_head: EventHeadTable;
  idempotency: IdempotencyTable;
  tokens: TokensTable;
  sessions: SessionsTable;
  challenges: ChallengesTable;
  request_keys: RequestKeysTable;
  gateway_drafts: GatewayDraftsTable;
}

export type RequestRow = Selectable<RequestsTable>;
export type NewRequestRow = Insertable<RequestsTable>;
export type RootUpdateRow = Selectable<RootUpdatesTable>;
export type RootUpdateChange = Updateable<RootUpdatesTable>;
export type EventRow = Selectable<EventsTable>;
export type TokenRow = Selectable<TokensTable>;
export type RequestKeyRow = Selectable<RequestKeysTable>;
