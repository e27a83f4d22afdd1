import { CountersignError } from '../../errors.js';
import type { Root } from '../../tuf/index.js';
import type { SignerState } from '../journal/index.js';
import { nameByValue } from './own-keys.js';

/**
 * A canary key signs whenever somebody asks how the signer is. So it must not count anywhere: a root that names one is not signed under.
 *
 * @param canaries keyids as this signer makes them; a root may use others for the same keys
 * @throws KEY_ROLE_MISMATCH
 */
export function requireNoCanary(root: Root, canaries: ReadonlySet<string>): void {
  for (const [keyid, key] of Object.entries(root.keys)) {
    if (!canaries.has(nameByValue(key))) continue;
    throw new CountersignError('KEY_ROLE_MISMATCH', `root version ${root.version} names the canary key ${keyid}`, {
      hint: 'find out who put it there; a root without it has to be signed before anything else is',
      details: { keyid, version: root.version },
    });
  }
}

/**
 * Whether a key that carries the canary's label may be used as one. What the journal wrote of a key holds for ever, and so does what a root names:
 * who can relabel objects in the token cannot have a real key sign on demand.
 *
 * @throws KEY_ROLE_MISMATCH
 */
export function requireCanary(keyid: string, state: SignerState): void {
  const known = state.keys.get(keyid);
  if (known !== undefined) {
    throw new CountersignError('KEY_ROLE_MISMATCH', `the canary key is a ${known.role} key of ${known.factory}`, {
      hint: 'find out who relabelled it in the token',
      details: { keyid, role: known.role, factory: known.factory },
    });
  }
  for (const factory of state.firstRoots.keys()) {
    for (const repository of ['ci', 'production'] as const) {
      for (const root of state.rootsOf(factory, repository)) requireNoCanary(root.signed, new Set([keyid]));
    }
  }
}
