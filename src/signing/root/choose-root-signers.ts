import { isCountersignError } from '../../errors.js';
import { goingKeys, missingKeys, requireRootSigners, type RootBase, type RootSigners } from '../../factory/index.js';
import { keyidOf } from '../../tuf/index.js';
import type { SignerKey } from '../ports.js';

/**
 * Chooses the keys in tokens that are to sign new roots: every new one, then as few as do of those that signers are known to hold, staying
 * ones first; before all others those whose token is there now, since one may be lost. What is lacking then is left to keys
 * that go and stand in no token; if not even those can do, the staying keys of another signer have to.
 *
 * @returns ascending
 */
export function chooseRootSigners(signers: RootSigners, base: RootBase, signerKeys: readonly SignerKey[]): string[] {
  const { previous, next } = signers;
  const held = new Map(signerKeys.map(({ public: key, state }) => [keyidOf(key), state]));
  const stateOf = (keyid: string): string | undefined => {
    const key = base.ci.keys[keyid];
    return key === undefined ? undefined : held.get(keyidOf(key));
  };
  const isHeld = (keyid: string): boolean => stateOf(keyid) !== undefined;
  const staying = previous.keyids.filter((keyid) => next.keyids.includes(keyid));
  const going = goingKeys(signers);
  const sign = next.keyids.filter((keyid) => !previous.keyids.includes(keyid));
  const inTokens = [...staying, ...going].filter(isHeld);
  const isHere = (keyid: string): boolean => stateOf(keyid) === 'active';
  for (const keyid of [...inTokens.filter(isHere), ...inTokens.filter((one) => !isHere(one))]) {
    const lacking = [previous, next].filter((role) => missingKeys(role, sign) > 0);
    if (lacking.some(({ keyids }) => keyids.includes(keyid))) sign.push(keyid);
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
