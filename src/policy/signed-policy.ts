import { canonicalize } from 'json-canonicalize';
import { z } from 'zod';
import { parseWithSchema } from '../approval/index.js';
import { CountersignError, isCountersignError } from '../errors.js';
import { encodeText, sha256Hex } from '../tuf/index.js';
import { personSchema, type Policy, policySchema } from './policy-schema.js';

export interface PolicySignature {
  /** Who says to have signed; the key in the signature must be this person's. */
  readonly person: string;
  /** Armored, lines ended by `\n`. */
  readonly sshsig: string;
}

export interface SignedPolicy {
  readonly policy: Policy;
  /** Canonical text of the policy, without newline: what `ssh-keygen -Y sign -n countersign-policy-v1` signs. */
  readonly text: string;
  /** Hex SHA-256 of `text` in UTF-8. */
  readonly sha256: string;
  readonly signatures: readonly PolicySignature[];
}

const MAX_POLICY_CHARS = 1_048_576;
const MAX_SIGNATURES = 200;
const MAX_SSHSIG_CHARS = 16_384;

const fileSchema = z.strictObject({
  signatures: z
    .array(z.strictObject({ person: personSchema, sshsig: z.string().max(MAX_SSHSIG_CHARS) }))
    .max(MAX_SIGNATURES),
  signed: policySchema,
});

/** A policy with its text and digest, and the signatures made so far. @throws POLICY_INVALID a character that may not stand in it */
export function signedPolicy(policy: Policy, signatures: readonly PolicySignature[] = []): SignedPolicy {
  const text = encodePolicy(policy);
  return { policy, text, sha256: sha256Hex(text), signatures };
}

/**
 * Parses policy.json, `{signatures, signed}`. Every rule that one version can be held to is checked;
 * whether it is signed is for `checkPolicySignatures` and `verifyPolicyChain`.
 *
 * @param input canonical text (RFC 8785); one newline at its end is allowed
 * @throws POLICY_INVALID not canonical, or a member is not what it should be; `pointer` names it
 */
export function parsePolicy(input: Uint8Array | string): SignedPolicy {
  const text = decode(input).replace(/\n$/, '');
  if (text.length > MAX_POLICY_CHARS) throw invalid('is larger than 1 MiB');
  const { signatures, signed } = parseWithSchema(fileSchema, parseJson(text), {
    code: 'POLICY_INVALID',
    what: 'policy',
  });
  const parsed = signedPolicy(signed, signatures);
  // What the schema let through is written again: repeated members, other order, blanks, escapes and 1.0 all differ.
  if (serializePolicy(parsed) !== text) {
    throw invalid('is not canonical JSON (RFC 8785)', 'write it with countersign policy draft, not by hand');
  }
  return parsed;
}

/** The text of policy.json without a newline at its end, so that it can also stand inside a JSON line. */
export function serializePolicy({ policy, signatures }: Pick<SignedPolicy, 'policy' | 'signatures'>): string {
  return canonicalize({ signatures, signed: policy });
}

function encodePolicy(policy: Policy): string {
  try {
    return encodeText(policy);
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    throw new CountersignError('POLICY_INVALID', `the policy cannot be written: ${error.message}`, {
      pointer: `/signed${error.pointer ?? ''}`,
      cause: error,
    });
  }
}

function decode(input: Uint8Array | string): string {
  if (typeof input === 'string') return input;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input);
  } catch (error) {
    throw invalid('is not UTF-8', undefined, error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid('is not JSON', undefined, error);
  }
}

function invalid(problem: string, hint?: string, cause?: unknown): CountersignError {
  return new CountersignError('POLICY_INVALID', `the policy ${problem}`, {
    pointer: '',
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}
