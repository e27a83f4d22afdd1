import { CountersignError } from '../errors.js';
import { goingKeys, jsonPointer, missingKeys, type RootSigners } from '../factory/index.js';
import type { ExternalSignature, MissingSigners } from './verified-dossier.js';

/**
 * Checks the keys in tokens that are to sign new roots: each is a root key, of the roots in force or of the new ones; they
 * reach the new threshold by themselves, and the old one together with keys that go.
 *
 * @throws SIGN_KEY_NOT_IN_ROLE, THRESHOLD_NOT_MET
 */
export function checkRootSign(sign: readonly string[], { previous, next }: RootSigners): void {
  for (const [index, keyid] of sign.entries()) {
    if (previous.keyids.includes(keyid) || next.keyids.includes(keyid)) continue;
    throw new CountersignError('SIGN_KEY_NOT_IN_ROLE', `${keyid} is no root key, neither before nor after`, {
      pointer: jsonPointer('documents', 0, 'sign', index),
      details: { keyid },
    });
  }
  const going = goingKeys({ previous, next });
  requireReached(sign, next, 'new root');
  requireReached([...sign, ...going], previous, 'root in force');
}

/** Which signatures of the old threshold are still to come from outside: from keys that go, which alone may sign there. */
export function findMissingSigners(
  sign: readonly string[],
  signers: RootSigners,
  externals: readonly Pick<ExternalSignature, 'document' | 'keyid'>[],
): MissingSigners[] {
  return ([0, 1] as const).flatMap((document) => {
    const signing = [...sign, ...externals.filter((one) => one.document === document).map(({ keyid }) => keyid)];
    const missing = missingKeys(signers.previous, signing);
    if (missing === 0) return [];
    return [{ document, missing, keyids: goingKeys(signers).filter((keyid) => !signing.includes(keyid)) }];
  });
}

function requireReached(
  signing: readonly string[],
  role: RootSigners['next'],
  name: 'new root' | 'root in force',
): void {
  const missing = missingKeys(role, signing);
  if (missing === 0) return;
  const { threshold } = role;
  const reached = threshold - missing;
  throw new CountersignError(
    'THRESHOLD_NOT_MET',
    `${threshold} keys of the ${name} have to sign, and at most ${reached} would`,
    { pointer: '/documents/0/sign', details: { threshold, reached } },
  );
}
