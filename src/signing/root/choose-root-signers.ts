import { CountersignError, isCountersignError } from '../../errors.js';
import { goingKeys, missingKeys, requireRootSigners, type RootBase, type RootSigners } from '../../factory/index.js';
import { keyidOf } from '../../tuf/index.js';
import type { SignerKey } from '../ports.js';

export interface SignerChoice {
  /** Root keys in force that are not asked, because their token is lost, say. */
  readonly without: readonly string[];
  /** Who signed the roots in force: of keys that are away, these were there most recently. */
  readonly signedLast: readonly string[];
}

/**
 * Chooses the keys in tokens that are to sign new roots: every new one, then as few as do of those that signers are known to hold, staying
 * ones first; before all others those whose token is there now, since one may be lost. What is lacking then is left to keys
 * that go and stand in no token; if not even those can do, the staying keys of another signer have to.
 *
 * @returns ascending
 * @throws INPUT_INVALID one to do without is no root key in force; THRESHOLD_NOT_MET nobody else can do
 */
export function chooseRootSigners(
  signers: RootSigners,
  base: RootBase,
  signerKeys: readonly SignerKey[],
  { without, signedLast }: SignerChoice,
): string[] {
  const { previous, next } = signers;
  requireInForce(without, previous.keyids);
  const held = new Map(signerKeys.map(({ public: key, state }) => [keyidOf(key), state]));
  const stateOf = (keyid: string): string | undefined => {
    const key = base.ci.keys[keyid];
    return key === undefined ? undefined : held.get(keyidOf(key));
  };
  const isHeld = (keyid: string): boolean => stateOf(keyid) !== undefined;
  const isAsked = (keyid: string): boolean => !without.includes(keyid);
  const staying = previous.keyids.filter((keyid) => next.keyids.includes(keyid) && isAsked(keyid));
  const going = goingKeys(signers).filter(isAsked);
  const sign = next.keyids.filter((keyid) => !previous.keyids.includes(keyid));
  const inTokens = [...lastFirst(staying, signedLast), ...lastFirst(going, signedLast)].filter(isHeld);
  const isHere = (keyid: string): boolean => stateOf(keyid) === 'active';
  for (const keyid of [...inTokens.filter(isHere), ...inTokens.filter((one) => !isHere(one))]) {
    const lacking = [previous, next].filter((role) => missingKeys(role, sign) > 0);
    if (lacking.some(({ keyids }) => keyids.includes(keyid))) sign.push(keyid);
  }
  const elsewhere = going.filter((keyid) => !isHeld(keyid));
  for (const keyid of staying.filter((one) => !isHeld(one))) {
    if (!isEnough(signers, [...sign, ...elsewhere])) sign.push(keyid);
  }
  if (without.length > 0 && !isEnough(signers, [...sign, ...elsewhere])) throw notWithout(without);
  return sign.sort();
}

function lastFirst(keyids: readonly string[], signedLast: readonly string[]): string[] {
  const isLast = (keyid: string): boolean => signedLast.includes(keyid);
  return [...keyids.filter(isLast), ...keyids.filter((keyid) => !isLast(keyid))];
}

function requireInForce(without: readonly string[], keyids: readonly string[]): void {
  const index = without.findIndex((keyid) => !keyids.includes(keyid));
  if (index === -1) return;
  throw new CountersignError('INPUT_INVALID', `${without[index] ?? ''} is no root key in force`, {
    pointer: `/without/${index}`,
    hint: 'countersign root show lists them.',
    details: { keyids },
  });
}

function notWithout(without: readonly string[]): CountersignError {
  return new CountersignError('THRESHOLD_NOT_MET', `new roots cannot be signed without ${without.join(' and ')}`, {
    pointer: '/without',
    hint: 'Too few other root keys are in tokens for the thresholds of the root in force and of the new one.',
    details: { without },
  });
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
