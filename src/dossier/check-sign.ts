import { CountersignError } from '../errors.js';
import { jsonPointer } from '../factory/index.js';
import { publicKeyDer, type Root } from '../tuf/index.js';

/**
 * Checks the keys that a document is to be signed with: each is a targets key of the production root, none is the
 * Factory's online key, and with the online key's signature, which the server adds, they reach the threshold.
 *
 * @param sign keyids, each once
 * @param onlineKeyids who signed the CI targets
 * @throws SIGN_KEY_NOT_IN_ROLE, SIGN_KEY_ONLINE, THRESHOLD_NOT_MET
 */
export function checkSign(sign: readonly string[], onlineKeyids: readonly string[], productionRoot: Root): void {
  const { keyids, threshold } = targetsRole(productionRoot);
  const online = new Set(onlineKeyids.map((keyid) => publicValue(productionRoot, keyid)));
  for (const [index, keyid] of sign.entries()) {
    const where = { pointer: jsonPointer('documents', 0, 'sign', index), details: { keyid } };
    if (!keyids.includes(keyid)) {
      throw new CountersignError('SIGN_KEY_NOT_IN_ROLE', `${keyid} is no targets key of the production root`, where);
    }
    // Also by value: one key under two keyids is still the online one.
    if (onlineKeyids.includes(keyid) || online.has(publicValue(productionRoot, keyid))) {
      throw new CountersignError('SIGN_KEY_ONLINE', `${keyid} is the Factory's online key`, where);
    }
  }
  const signing = keyids.filter((keyid) => sign.includes(keyid) || onlineKeyids.includes(keyid));
  const reachable = new Set(signing.map((keyid) => publicValue(productionRoot, keyid))).size;
  if (reachable >= threshold) return;
  throw new CountersignError(
    'THRESHOLD_NOT_MET',
    `with the online key these keys make ${reachable} of the ${threshold} signatures that devices want`,
    {
      pointer: '/documents/0/sign',
      hint: 'Name more of the targets keys of the production root to sign with.',
      details: { threshold, reachable },
    },
  );
}

/** The targets keys of the production root that are held offline, in its order: all but those that sign CI targets. */
export function offlineTargetsKeyids(productionRoot: Root, onlineKeyids: readonly string[]): string[] {
  return targetsRole(productionRoot).keyids.filter((keyid) => !onlineKeyids.includes(keyid));
}

function targetsRole(root: Root): { readonly keyids: readonly string[]; readonly threshold: number } {
  const role = Object.hasOwn(root.roles, 'targets') ? root.roles['targets'] : undefined;
  if (role !== undefined) return role;
  throw new CountersignError('METADATA_INVALID', 'the production root has no targets role', {
    pointer: '/signed/roles',
  });
}

/** The public key itself, however its keyid is; for a keyid that the root has no key for, something that no key equals. */
function publicValue(root: Root, keyid: string): string {
  const key = Object.hasOwn(root.keys, keyid) ? root.keys[keyid] : undefined;
  if (key === undefined) return `keyid ${keyid}`;
  return publicKeyDer(key).toString('hex');
}
