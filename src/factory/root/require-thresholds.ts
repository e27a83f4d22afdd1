import { CountersignError, type ErrorCode } from '../../errors.js';
import type { Role, Root } from '../../tuf/index.js';
import { jsonPointer } from '../json-pointer.js';
import type { RootPlan } from './root-plan.js';

/** One signature in CI: the online one. */
const CI_THRESHOLD = 1;
/** The least in production: the online one and an offline one. */
export const LEAST_PRODUCTION_THRESHOLD = 2;

/**
 * What the Factory wants of the thresholds when it applies new roots (foundries.md §5).
 *
 * @throws ROOT_CI_THRESHOLD, ROOT_PRODUCTION_THRESHOLD
 * @throws ROOT_THRESHOLD_UNREACHABLE a role has fewer keys than it needs signatures. One case is right as it is: two in
 *   production while the online key is alone there, which is root 3 of every Factory that took ownership of root first
 */
export function requireThresholds({ ci, production, onlineTargetsKeyid }: Omit<RootPlan, 'intent'>): void {
  const ofCi = roleOf(ci, 'targets');
  const ofProduction = roleOf(production, 'targets');
  if (ofCi.threshold !== CI_THRESHOLD) {
    throw refusal('ROOT_CI_THRESHOLD', 'targets', `CI targets need ${CI_THRESHOLD} signature, not ${ofCi.threshold}`);
  }
  if (ofProduction.threshold < LEAST_PRODUCTION_THRESHOLD) {
    const least = `production targets need ${LEAST_PRODUCTION_THRESHOLD} signatures or more`;
    throw refusal('ROOT_PRODUCTION_THRESHOLD', 'targets', `${least}, not ${ofProduction.threshold}`);
  }
  requireReachable('root', roleOf(ci, 'root'));
  const onlineKeyAlone = ofProduction.keyids.every((keyid) => keyid === onlineTargetsKeyid);
  if (!(onlineKeyAlone && ofProduction.threshold === LEAST_PRODUCTION_THRESHOLD)) {
    requireReachable('targets', ofProduction);
  }
}

function requireReachable(role: string, { keyids, threshold }: Role): void {
  if (threshold <= keyids.length) return;
  const message = `${role} would need ${threshold} signatures and have ${keyids.length} keys`;
  throw refusal('ROOT_THRESHOLD_UNREACHABLE', role, message);
}

function roleOf({ roles }: Root, name: string): Role {
  return roles[name] ?? { keyids: [], threshold: 1 };
}

function refusal(code: ErrorCode, role: string, message: string): CountersignError {
  return new CountersignError(code, message, { pointer: jsonPointer('signed', 'roles', role, 'threshold') });
}
