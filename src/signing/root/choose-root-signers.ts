import { isCountersignError } from '../../errors.js';
import { goingKeys, requireRootSigners, type RootBase, type RootSigners } from '../../factory/index.js';
import { keyidOf } from '../../tuf/index.js';
import type { SignerKey } from '../ports.js';

/**
 * Chooses the keys in tokens that are to sign new roots: every new one, then as few as do of those that the signer holds, staying
 * ones first, then of those that other signers are known to hold. What is lacking then is left to keys that go and stand in no token; if not even those can do, the staying
 * keys of another signer have to.
 *
 * @returns ascending
 */
export function chooseRootSigners(
  signers: RootSigners,
  base: RootBase,
  signerKeys: readonly SignerKey[],
  keysElsewhere: readonly SignerKey[] = [],
): string[] {
  const { previous, next } = signers;
  const among = (keys: readonly SignerKey[]): ((keyid: string) => boolean) => {
    const held = new Set(keys.map(({ public: key }) => keyidOf(key)));
    return (keyid) => {
      const key = base.ci.keys[keyid];
      return key !== undefined && held.has(keyidOf(key));
    };
  };
  const isHeld = among([...signerKeys, ...keysElsewhere]);
  const staying = previous.keyids.filter((keyid) => next.keyids.includes(keyid));
  const going = goingKeys(signers);
  const sign = next.keyids.filter((keyid) => !previous.keyids.includes(keyid));
  for (const keys of [signerKeys, keysElsewhere]) {
    for (const keyid of [...staying, ...going].filter(among(keys))) {
      if (!isEnough(signers, sign)) sign.push(keyid);
    }
  }
  const elsewhere = going.filter((keyid) => !isHeld(keyid));
  for (const keyid of staying.filter((one) => !isHeld(one))) {
    if (!isEnough(signers, [...sign, ...elsewhere])) sign.push(keyid);
  }
  return sign.sort();
}

function isEnough(signers: RootSigners, keyids: readonly string[]): boolean {
  try {
    requireRootSigners(signers, keyids);
    return true;
  } catch (error) {
    if (isCountersignError(error, 'THRESHOLD_NOT_MET')) return false;
    throw error;
  }
}
