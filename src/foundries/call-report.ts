import { isCountersignError } from '../errors.js';
import type { FactoryRequest } from './exchange.js';

/** One attempt of a call to the Factory, as it is counted. */
export interface CallReport {
  readonly factory: string;
  /** One of few names, whatever Wave or version the call was about. */
  readonly operation: string;
  /** Class of the status (`2xx`, …), or why there was none: `timeout`, `cut`, `invalid`, `unsent`. */
  readonly outcome: string;
  readonly seconds: number;
}

const OPERATIONS: readonly (readonly [RegExp, string])[] = [
  [/^GET \/ota\/repo\/[^/]+\/api\/v1\/user_repo\/\d+\.root\.json$/, 'root'],
  [/^GET \/ota\/repo\/[^/]+\/api\/v1\/user_repo\/targets\.json$/, 'ci-targets'],
  [/^GET \/ota\/repo\/[^/]+\/api\/v1\/user_repo\/root\/updates$/, 'root-updates'],
  [/^POST \/ota\/repo\/[^/]+\/api\/v1\/user_repo\/root\/updates$/, 'begin-root-update'],
  [/^PUT \/ota\/repo\/[^/]+\/api\/v1\/user_repo\/root\/updates$/, 'put-root-update'],
  [/^POST \/ota\/repo\/[^/]+\/api\/v1\/user_repo\/root\/updates\/gen-online-keys$/, 'generate-online-keys'],
  [/^POST \/ota\/repo\/[^/]+\/api\/v1\/user_repo\/root\/updates\/apply$/, 'apply-root-update'],
  [/^POST \/ota\/repo\/[^/]+\/api\/v1\/user_repo\/root\/updates\/cancel$/, 'cancel-root-update'],
  [/^GET \/ota\/factories\/[^/]+\/waves\/$/, 'waves'],
  [/^POST \/ota\/factories\/[^/]+\/waves\/$/, 'create-wave'],
  [/^GET \/ota\/factories\/[^/]+\/waves\/[^/]+\/$/, 'wave'],
  [/^GET \/ota\/factories\/[^/]+\/waves\/[^/]+\/status\/$/, 'wave-status'],
  [/^POST \/ota\/factories\/[^/]+\/waves\/[^/]+\/sign\/$/, 'sign-wave'],
  [/^POST \/ota\/factories\/[^/]+\/waves\/[^/]+\/cancel\/$/, 'cancel-wave'],
  [/^POST \/ota\/factories\/[^/]+\/waves\/[^/]+\/complete\/$/, 'complete-wave'],
  [/^POST \/ota\/factories\/[^/]+\/waves\/[^/]+\/rollout\/$/, 'rollout-wave'],
  [/^GET \/ota\/factories\/[^/]+\/prod-targets\/$/, 'production-targets'],
  [/^GET \/ota\/factories\/[^/]+\/wave-targets\/$/, 'wave-targets'],
  [/^GET \/ota\/factories\/[^/]+\/ci-targets\.pub$/, 'online-key'],
  [/^GET \/ota\/factories\/[^/]+\/users\/self\/$/, 'self'],
];

export function operationOf({ method, path }: Pick<FactoryRequest, 'method' | 'path'>): string {
  return OPERATIONS.find(([pattern]) => pattern.test(`${method} ${path}`))?.[1] ?? 'other';
}

/** @param result the status of an answer that came, or what was thrown instead */
export function outcomeOf(result: number | { readonly error: unknown }): string {
  if (typeof result === 'number') return `${Math.floor(result / 100)}xx`;
  const { error } = result;
  if (isCountersignError(error, 'FACTORY_UNAVAILABLE')) return error.details?.['timedOut'] === true ? 'timeout' : 'cut';
  return isCountersignError(error, 'FACTORY_ANSWER_INVALID') ? 'invalid' : 'unsent';
}
