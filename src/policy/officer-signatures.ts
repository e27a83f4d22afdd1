import { type Namespace, verifySshSignature } from '../approval/index.js';
import { CountersignError, type ErrorCode, isCountersignError } from '../errors.js';
import { findOfficerByKey } from './lookups.js';
import type { Policy } from './policy-schema.js';

/** An officer's signature beside a text of ours, as a policy or a recovery carries them. */
export interface OfficerSignature {
  /** Who says to have signed; the key in the signature must be this person's. */
  readonly person: string;
  /** Armored, lines ended by `\n`. */
  readonly sshsig: string;
}

export interface OfficerSignaturesCheck {
  /** Who signed, each once, in the order of the signatures. */
  readonly persons: readonly string[];
  /** The other officers, who still could. */
  readonly missing: readonly string[];
  /** Signatures that do not count. They take nothing from the others. */
  readonly invalid: readonly { readonly person: string; readonly code: ErrorCode; readonly reason: string }[];
}

/**
 * Which officers signed a text. Persons are counted, not keys.
 *
 * @param text its UTF-8 bytes were signed
 * @param judge the policy whose officers count
 */
export function checkOfficerSignatures(
  { text, signatures }: { readonly text: string; readonly signatures: readonly OfficerSignature[] },
  namespace: Namespace,
  judge: Policy,
): OfficerSignaturesCheck {
  const persons = new Set<string>();
  const invalid: OfficerSignaturesCheck['invalid'][number][] = [];
  for (const signature of signatures) {
    try {
      persons.add(verifyOfficerSignature(text, signature, namespace, judge));
    } catch (error) {
      if (!isCountersignError(error)) throw error;
      invalid.push({ person: signature.person, code: error.code, reason: error.message });
    }
  }
  const missing = judge.officers.map(({ person }) => person).filter((person) => !persons.has(person));
  return { persons: [...persons], missing, invalid };
}

/** @returns the person whose key it is */
function verifyOfficerSignature(
  text: string,
  { person, sshsig }: OfficerSignature,
  namespace: Namespace,
  judge: Policy,
): string {
  const { publicKey } = verifySshSignature({ armored: sshsig, namespace, message: Buffer.from(text, 'utf8') });
  const owner = findOfficerByKey(judge, publicKey)?.person;
  if (owner === undefined || owner !== person) {
    const { fingerprint } = publicKey;
    throw new CountersignError(
      'OFFICER_UNKNOWN',
      `in policy version ${judge.version} the key ${fingerprint} is ${owner === undefined ? 'nobody' : owner}'s`,
      { details: { fingerprint, version: judge.version } },
    );
  }
  return owner;
}
