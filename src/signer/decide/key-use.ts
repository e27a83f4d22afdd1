import { REPOSITORIES } from '../../factory/index.js';
import type { RootMetadata } from '../../tuf/index.js';
import type { SignerState } from '../journal/index.js';
import { nameByValue } from './own-keys.js';

/**
 * `standby`: no root ever named it, so the next rotation may. `in-root`: a root in force names it. `retired`: only
 * older ones do.
 */
export type KeyUse = 'standby' | 'in-root' | 'retired';

/** The use of every key that a root names or named; all others are standby keys. Keyids are those that this signer makes. */
export type KeyUses = ReadonlyMap<string, Exclude<KeyUse, 'standby'>>;

/**
 * Tells what a key is in use for, by the roots that were seen published. A rotation that is signed and not published
 * yet has not used up its standby key: it may still be given up.
 */
export function keyUses(state: Pick<SignerState, 'firstRoots' | 'rootsOf'>): KeyUses {
  const uses = new Map<string, Exclude<KeyUse, 'standby'>>();
  for (const factory of state.firstRoots.keys()) {
    for (const repository of REPOSITORIES) {
      const chain = state.rootsOf(factory, repository);
      chain.forEach((root, index) => {
        for (const keyid of namesOf(root)) {
          const inForce = index === chain.length - 1 || uses.get(keyid) === 'in-root';
          uses.set(keyid, inForce ? 'in-root' : 'retired');
        }
      });
    }
  }
  return uses;
}

export function useOf(uses: KeyUses, keyid: string): KeyUse {
  return uses.get(keyid) ?? 'standby';
}

function namesOf({ signed }: RootMetadata): string[] {
  return Object.values(signed.keys).map(nameByValue);
}
