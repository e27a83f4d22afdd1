import { CountersignError } from '../errors.js';
import { kindOf, type KindRules, type SignedPolicy } from '../policy/index.js';
import type { Pins } from './pins.js';
import type { Statement } from './statement.js';

/** A statement waits for approvals at most this long; what is older has to be asked for again. */
export const MAX_STATEMENT_LIFETIME_MS = 72 * 60 * 60 * 1000;

/**
 * Checks what a statement says about itself, but for the clock: made for this service, under the policy in
 * force, of a kind that the policy allows, and not meant to live for longer than 72 hours.
 *
 * @returns the policy's rules for its kind
 * @throws STATEMENT_OTHER_SERVICE, STATEMENT_BASE_MISMATCH, KIND_NOT_ALLOWED, STATEMENT_LIFETIME
 */
export function checkStatement(statement: Statement, policy: SignedPolicy, pins: Pins): KindRules {
  if (statement.service !== pins.policySha256) {
    throw new CountersignError('STATEMENT_OTHER_SERVICE', 'the statement was made for another service', {
      pointer: '/service',
      details: { service: statement.service },
    });
  }
  if (statement.policy.version !== policy.policy.version || statement.policy.sha256 !== policy.sha256) {
    throw new CountersignError(
      'STATEMENT_BASE_MISMATCH',
      `the statement was made under policy version ${statement.policy.version}, in force is version ${policy.policy.version}`,
      { pointer: '/policy', hint: 'Ask for it again: another policy may want other officers.' },
    );
  }
  const rules = kindOf(policy.policy, statement.kind);
  checkLifetime(statement);
  return rules;
}

function checkLifetime({ created, expires }: Statement): void {
  const lifetimeMs = Date.parse(expires) - Date.parse(created);
  if (lifetimeMs > 0 && lifetimeMs <= MAX_STATEMENT_LIFETIME_MS) return;
  throw new CountersignError(
    'STATEMENT_LIFETIME',
    lifetimeMs > 0 ? 'the statement would live for more than 72 hours' : 'the statement expires before it is created',
    { pointer: '/expires', details: { created, expires } },
  );
}
