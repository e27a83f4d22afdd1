/** Words of the wire that both ends must agree on. */

export const MEDIA_TYPES = {
  json: 'application/json',
  problem: 'application/problem+json',
  dossier: 'application/x-ndjson',
  text: 'text/plain',
} as const;

export const HEADERS = {
  /** Made by the service for each request; also `instance` of problems and in the log. */
  requestId: 'X-Request-Id',
  /** Hex SHA-256 of a statement's text. */
  statementSha256: 'X-Statement-Sha256',
  idempotencyKey: 'Idempotency-Key',
  /** The caller's own token for the Factory, as the Factory's API has it. */
  factoryToken: 'Osf-Token',
} as const;

/** Bearer tokens read `cst_<id>_<secret>` (API token) or `css_<id>_<secret>` (session of a sign-in). */
export const BEARER_PREFIXES = { token: 'cst', session: 'css' } as const;

/** A wait longer than this is asked for in pieces: clients and proxies give up on answers that take minutes. */
export const LONGEST_WAIT_PER_CALL_SECONDS = 60;
