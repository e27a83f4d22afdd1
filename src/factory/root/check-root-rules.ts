import { CountersignError } from '../../errors.js';
import type { Key, Root } from '../../tuf/index.js';
import { jsonPointer } from '../json-pointer.js';
import { planRootUpdate } from './plan-root.js';
import type { RootBase } from './root-base.js';
import type { OfflineRole, RootChange } from './root-change.js';
import { spkiBase64Of } from './root-keys.js';
import { offlineTargetsKeyids } from './targets-document.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What the policy asks of root updates beyond the Factory's own rules. */
export interface RootRules {
  /** When the update was asked for; expiry counts from here. */
  readonly created: Date;
  readonly maxExpiresDays: number;
  /** How many active offline keys each role is to have at least. A role that has none yet is not owned yet, and may stay so. */
  readonly leastKeys: Readonly<Record<OfflineRole, number>>;
  /** Keys of the other Factories that are known here. */
  readonly keysOfOtherFactories: readonly Key[];
}

/**
 * Checks a root update by the policy. The new roots' expiry is judged also where the update leaves it as it was: what is
 * signed is the whole root.
 *
 * @throws ROOT_EXPIRES_INVALID, EXPIRES_BEYOND_POLICY, ROOT_KEYS_TOO_FEW, ROOT_KEY_OTHER_FACTORY
 * @throws as planRootUpdate
 */
export function checkRootRules(changes: readonly RootChange[], base: RootBase, rules: RootRules): void {
  const { ci, onlineTargetsKeyid } = planRootUpdate(changes, base);
  requireLifetime(ci, rules);
  requireKeys('root', ci.roles['root']?.keyids ?? [], rules);
  requireKeys('targets', offlineTargetsKeyids(ci, onlineTargetsKeyid), rules);
  requireOfThisFactory(ci, rules);
}

function requireLifetime({ expires }: Root, { created, maxExpiresDays }: RootRules): void {
  const lifetimeMs = Date.parse(expires) - created.getTime();
  const where = { pointer: jsonPointer('signed', 'expires'), details: { expires, maxExpiresDays } };
  if (lifetimeMs <= 0) {
    throw new CountersignError('ROOT_EXPIRES_INVALID', 'the new root expires before it was asked for', {
      ...where,
      hint: 'devices refuse an expired root; set another expiry with the update',
    });
  }
  if (lifetimeMs > maxExpiresDays * DAY_MS) {
    throw new CountersignError(
      'EXPIRES_BEYOND_POLICY',
      `the new root expires later than the ${maxExpiresDays} days after the request that the policy allows`,
      where,
    );
  }
}

function requireKeys(role: OfflineRole, keyids: readonly string[], { leastKeys }: RootRules): void {
  if (keyids.length === 0 || keyids.length >= leastKeys[role]) return;
  const message = `${role} would have ${keyids.length} offline keys, and the policy wants ${leastKeys[role]}`;
  throw new CountersignError('ROOT_KEYS_TOO_FEW', message, {
    pointer: jsonPointer('signed', 'roles', role, 'keyids'),
    details: { role, keyids, least: leastKeys[role] },
  });
}

function requireOfThisFactory({ keys }: Root, { keysOfOtherFactories }: RootRules): void {
  const others = new Set(keysOfOtherFactories.map(spkiBase64Of));
  for (const [keyid, key] of Object.entries(keys)) {
    if (!others.has(spkiBase64Of(key))) continue;
    throw new CountersignError('ROOT_KEY_OTHER_FACTORY', `the key ${keyid} belongs to another Factory`, {
      pointer: jsonPointer('signed', 'keys', keyid),
      hint: 'a key has one role in one Factory; make a new one',
      details: { keyid },
    });
  }
}
