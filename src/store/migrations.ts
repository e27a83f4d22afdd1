import { sql, type Kysely, type Migration, type RawBuilder } from 'kysely';

export type DialectName = 'sqlite' | 'postgres';

/**
 * The tables, step by step. A step that was released is never edited: a later one changes what it made.
 * Each runs in a transaction of its own kind of database, so a crash leaves the step undone or done.
 */
export function migrationsFor(dialect: DialectName): Record<string, Migration> {
  const types = TYPES[dialect];
  return {
    '001-requests': { up: (db) => createRequests(db, types) },
    '002-events': { up: (db) => createEvents(db, types) },
    '003-access': { up: (db) => createAccess(db, types) },
    '004-root-updates': { up: (db) => createRootUpdates(db, types) },
    '005-request-keys': { up: (db) => createRequestKeys(db, types) },
    '006-gateway-drafts': { up: (db) => createGatewayDrafts(db, types) },
    '007-bundle-tag': { up: (db) => addBundleTag(db, types) },
    '008-claims': { up: (db) => addClaims(db, types) },
  };
}

type AnyDatabase = Kysely<unknown>;
type Types = Readonly<Record<'text' | 'bytes' | 'tagInStatement', RawBuilder<unknown>>>;

/** Texts are compared and sorted byte by byte, as SQLite does, whatever language the database was made for. */
const TYPES: Readonly<Record<DialectName, Types>> = {
  sqlite: { text: sql`text`, bytes: sql`blob`, tagInStatement: sql`json_extract(statement, '$.changes[0].tag')` },
  postgres: {
    text: sql`text collate "C"`,
    bytes: sql`bytea`,
    tagInStatement: sql`statement::json -> 'changes' -> 0 ->> 'tag'`,
  },
};

async function createRequests(db: AnyDatabase, { text, bytes }: Types): Promise<void> {
  await db.schema
    .createTable('blobs')
    .addColumn('sha256', text, (column) => column.primaryKey().notNull())
    .addColumn('bytes', bytes, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('requests')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('factory', text, (column) => column.notNull())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('closed_because', text)
    .addColumn('wave_name', text)
    .addColumn('wave_tag', text)
    .addColumn('wave_version', 'bigint')
    .addColumn('requester_name', text, (column) => column.notNull())
    .addColumn('requester_kind', text, (column) => column.notNull())
    .addColumn('requester_via', text, (column) => column.notNull())
    .addColumn('reason', text, (column) => column.notNull())
    .addColumn('created', text, (column) => column.notNull())
    .addColumn('expires', text, (column) => column.notNull())
    .addColumn('statement', text, (column) => column.notNull())
    .addColumn('statement_sha256', text, (column) => column.notNull().unique())
    .addColumn('policy_version', 'bigint', (column) => column.notNull())
    .addColumn('last_error', text)
    .addColumn('attempts', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('next_attempt', text)
    .addColumn('published', text, (column) => column.references('blobs.sha256'))
    .addColumn('signer_told', text)
    .addColumn('since', text, (column) => column.notNull())
    .execute();
  // A tag is held from the asking until the Wave is delivered or given up: two signed documents for one tag
  // could only ever be delivered in an order that nobody approved.
  await db.schema
    .createIndex('requests_one_wave_per_tag')
    .unique()
    .on('requests')
    .columns(['factory', 'wave_tag'])
    .where(sql.ref('kind'), '=', sql.lit('wave'))
    .where(sql.ref('state'), 'in', sql`('preparing', 'open', 'signed')`)
    .execute();
  await db.schema
    .createIndex('requests_one_root_per_factory')
    .unique()
    .on('requests')
    .column('factory')
    .where(sql.ref('kind'), '=', sql.lit('root'))
    .where(sql.ref('state'), 'in', sql`('preparing', 'open', 'signed')`)
    .execute();
  await db.schema.createIndex('requests_by_state').on('requests').columns(['state', 'id']).execute();
  await db.schema
    .createIndex('requests_by_wave')
    .on('requests')
    .columns(['factory', 'wave_tag', 'wave_name'])
    .execute();
  await db.schema
    .createTable('request_blobs')
    .addColumn('request_id', text, (column) => column.notNull().references('requests.id'))
    .addColumn('part', text, (column) => column.notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('sha256', text, (column) => column.notNull().references('blobs.sha256'))
    .addPrimaryKeyConstraint('request_blobs_key', ['request_id', 'part', 'position'])
    .execute();
  await db.schema.createIndex('request_blobs_by_sha256').on('request_blobs').columns(['sha256', 'part']).execute();
  await db.schema
    .createTable('approvals')
    .addColumn('request_id', text, (column) => column.notNull().references('requests.id'))
    .addColumn('person', text, (column) => column.notNull())
    .addColumn('fingerprint', text, (column) => column.notNull())
    .addColumn('sshsig', text, (column) => column.notNull())
    .addColumn('at', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('approvals_key', ['request_id', 'person'])
    .execute();
  await db.schema
    .createTable('rejections')
    .addColumn('request_id', text, (column) => column.notNull().references('requests.id'))
    .addColumn('person', text, (column) => column.notNull())
    .addColumn('fingerprint', text, (column) => column.notNull())
    .addColumn('sshsig', text, (column) => column.notNull())
    .addColumn('at', text, (column) => column.notNull())
    .addColumn('rejection', text, (column) => column.notNull())
    .addColumn('reason', text, (column) => column.notNull())
    .addColumn('vetoed', text)
    .addColumn('veto_refused', text)
    .addPrimaryKeyConstraint('rejections_key', ['request_id', 'person'])
    .execute();
  await db.schema
    .createTable('signatures')
    .addColumn('request_id', text, (column) => column.notNull().references('requests.id'))
    .addColumn('document', 'bigint', (column) => column.notNull())
    .addColumn('keyid', text, (column) => column.notNull())
    .addColumn('method', text, (column) => column.notNull())
    .addColumn('sig', text, (column) => column.notNull())
    .addColumn('signed_at', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('signatures_key', ['request_id', 'document', 'keyid'])
    .execute();
  await db.schema
    .createTable('idempotency')
    .addColumn('key', text, (column) => column.notNull())
    .addColumn('caller', text, (column) => column.notNull())
    .addColumn('request_sha256', text, (column) => column.notNull())
    .addColumn('request_id', text, (column) => column.notNull().references('requests.id'))
    .addColumn('at', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('idempotency_key', ['key', 'caller'])
    .execute();
}

async function createEvents(db: AnyDatabase, { text }: Types): Promise<void> {
  await db.schema
    .createTable('events')
    .addColumn('seq', 'bigint', (column) => column.primaryKey().notNull())
    .addColumn('at', text, (column) => column.notNull())
    .addColumn('actor', text, (column) => column.notNull())
    .addColumn('type', text, (column) => column.notNull())
    .addColumn('request_id', text)
    .addColumn('details', text, (column) => column.notNull())
    .addColumn('once', text, (column) => column.unique())
    .addColumn('prev', text, (column) => column.notNull())
    .addColumn('hash', text, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('event_head')
    .addColumn('id', 'bigint', (column) => column.primaryKey().notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('hash', text, (column) => column.notNull())
    .execute();
  await sql`insert into event_head (id, seq, hash) values (1, 0, ${sql.lit('0'.repeat(64))})`.execute(db);
}

async function createAccess(db: AnyDatabase, { text }: Types): Promise<void> {
  await db.schema
    .createTable('tokens')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('person', text)
    .addColumn('scopes', text, (column) => column.notNull())
    .addColumn('secret_sha256', text, (column) => column.notNull())
    .addColumn('created', text, (column) => column.notNull())
    .addColumn('expires', text, (column) => column.notNull())
    .addColumn('revoked', text)
    .addColumn('last_used', text)
    .execute();
  await db.schema
    .createIndex('tokens_one_live_per_name')
    .unique()
    .on('tokens')
    .column('name')
    .where(sql.ref('revoked'), 'is', null)
    .execute();
  await db.schema
    .createTable('sessions')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('person', text, (column) => column.notNull())
    .addColumn('fingerprint', text, (column) => column.notNull())
    .addColumn('secret_sha256', text, (column) => column.notNull())
    .addColumn('created', text, (column) => column.notNull())
    .addColumn('expires', text, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('challenges')
    .addColumn('sha256', text, (column) => column.primaryKey().notNull())
    .addColumn('text', text, (column) => column.notNull())
    .addColumn('person', text, (column) => column.notNull())
    .addColumn('fingerprint', text, (column) => column.notNull())
    .addColumn('created', text, (column) => column.notNull())
    .addColumn('expires', text, (column) => column.notNull())
    .execute();
}

async function createRootUpdates(db: AnyDatabase, { text }: Types): Promise<void> {
  await db.schema
    .createTable('root_updates')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('factory', text, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('attempt', text, (column) => column.notNull())
    .addColumn('message', text, (column) => column.notNull())
    .addColumn('own', 'bigint', (column) => column.notNull())
    .addColumn('txid', text, (column) => column.notNull())
    .addColumn('salt', text, (column) => column.notNull())
    .addColumn('submission', text, (column) => column.notNull())
    .addColumn('submission_sha256', text, (column) => column.notNull())
    .addColumn('apply_sent', text)
    .addColumn('rebuilt_from', text)
    .addColumn('rebuilt_as', text)
    .addColumn('rebuild_wanted', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('at', text, (column) => column.notNull())
    .execute();
  // The Factory has one transaction at a time; who wants it holds it from before it is begun until it has ended.
  await db.schema
    .createIndex('root_updates_one_per_factory')
    .unique()
    .on('root_updates')
    .column('factory')
    .where(sql.ref('state'), 'in', sql`('beginning', 'open')`)
    .execute();
  await db.schema
    .createTable('external_signatures')
    .addColumn('request_id', text, (column) => column.notNull().references('requests.id'))
    .addColumn('document', 'bigint', (column) => column.notNull())
    .addColumn('keyid', text, (column) => column.notNull())
    .addColumn('method', text, (column) => column.notNull())
    .addColumn('sig', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('external_signatures_key', ['request_id', 'document', 'keyid'])
    .execute();
}

async function createRequestKeys(db: AnyDatabase, { text }: Types): Promise<void> {
  await db.schema
    .createTable('request_keys')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('key_set', text, (column) => column.notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('polis_id', text, (column) => column.notNull())
    .addColumn('factory', text, (column) => column.notNull())
    .addColumn('role', text, (column) => column.notNull())
    .addColumn('keytype', text, (column) => column.notNull())
    .addColumn('public', text, (column) => column.notNull())
    .addColumn('keyid', text, (column) => column.notNull().unique())
    .addColumn('created', text, (column) => column.notNull())
    .addColumn('revoked', text)
    .execute();
  // fioctl can be shown one key in the place of an offline key, so an account has one of each kind in use.
  await db.schema
    .createIndex('request_keys_one_in_use')
    .unique()
    .on('request_keys')
    .columns(['factory', 'polis_id', 'role', 'keytype'])
    .where(sql.ref('revoked'), 'is', null)
    .execute();
  await db.schema.alterTable('requests').addColumn('request_key', text).execute();
}

async function createGatewayDrafts(db: AnyDatabase, { text }: Types): Promise<void> {
  await db.schema
    .createTable('gateway_drafts')
    .addColumn('factory', text, (column) => column.notNull())
    .addColumn('polis_id', text, (column) => column.notNull())
    .addColumn('id', text, (column) => column.notNull())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('text', text, (column) => column.notNull())
    .addColumn('at', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('gateway_drafts_key', ['factory', 'polis_id'])
    .execute();
}

/** Of bundles that were stored before, their statements tell. */
async function addBundleTag(db: AnyDatabase, { text, tagInStatement }: Types): Promise<void> {
  await db.schema.alterTable('requests').addColumn('bundle_tag', text).execute();
  await sql`update requests set bundle_tag = ${tagInStatement} where kind = 'bundle'`.execute(db);
}

/** Requests that were stored before have none: there may be several for one bundle. */
async function addClaims(db: AnyDatabase, { text }: Types): Promise<void> {
  await db.schema.alterTable('requests').addColumn('claim', text).execute();
  await db.schema
    .createIndex('requests_one_per_claim')
    .unique()
    .on('requests')
    .columns(['factory', 'claim'])
    .where(sql.ref('state'), 'in', sql`('preparing', 'open', 'signed', 'delivered')`)
    .execute();
}
