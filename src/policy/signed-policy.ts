import { z } from 'zod';
import { parseWithSchema } from '../approval/index.js';
import { CountersignError, isCountersignError } from '../errors.js';
import { encodeText, parseText, sha256Hex } from '../tuf/index.js';
import type { OfficerSignature } from './officer-signatures.js';
import { personSchema, type Policy, policySchema } from './policy-schema.js';

export interface SignedPolicy {
  readonly policy: Policy;
  /** Canonical text of the policy, without newline: what `ssh-keygen -Y sign -n countersign-policy-v1` signs. */
  readonly text: string;
  /** Hex SHA-256 of `text` in UTF-8. */
  readonly sha256: string;
  readonly signatures: readonly OfficerSignature[];
}

const MAX_POLICY_BYTES = 1_048_576;
const MAX_SIGNATURES = 200;
const MAX_SSHSIG_CHARS = 16_384;

const fileSchema = z.strictObject({
  signatures: z
    .array(z.strictObject({ person: personSchema, sshsig: z.string().max(MAX_SSHSIG_CHARS) }))
    .max(MAX_SIGNATURES),
  signed: policySchema,
});

/**
 * A policy with its text and digest, and the signatures made so far.
 *
 * @throws POLICY_INVALID a character that may not stand in it
 */
export function signedPolicy(policy: Policy, signatures: readonly OfficerSignature[] = []): SignedPolicy {
  const text = asPolicyError('/signed', () => encodeText(policy));
  return { policy, text, sha256: sha256Hex(text), signatures };
}

/**
 * Parses policy.json, `{signatures, signed}`. Every rule that one version can be held to is checked;
 * whether it is signed is for `checkPolicySignatures` and `verifyPolicyChain`.
 *
 * @param input canonical text (RFC 8785), or its UTF-8 bytes; one newline at its end is allowed
 * @throws POLICY_INVALID not canonical, or a member is not what it should be; `pointer` names it
 */
export function parsePolicy(input: Uint8Array | string): SignedPolicy {
  const value = asPolicyError('', () =>
    parseText(withoutLastNewline(input), { maxBytes: MAX_POLICY_BYTES, lineFeeds: true }),
  );
  const { signatures, signed } = parseWithSchema(fileSchema, value, { code: 'POLICY_INVALID', what: 'policy' });
  return signedPolicy(signed, signatures);
}

/** The text of policy.json without a newline at its end, so that it can also stand inside a JSON line. */
export function serializePolicy({ policy, signatures }: Pick<SignedPolicy, 'policy' | 'signatures'>): string {
  return encodeText({ signatures, signed: policy }, { lineFeeds: true });
}

function withoutLastNewline(input: Uint8Array | string): Uint8Array | string {
  if (typeof input === 'string') return input.endsWith('\n') ? input.slice(0, -1) : input;
  return input.at(-1) === 0x0a ? input.subarray(0, -1) : input;
}

/** Whoever reads a policy needs one code for "this is no policy"; the finer one stays in `cause`. */
function asPolicyError<T>(at: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    throw new CountersignError('POLICY_INVALID', `the policy is not canonical text: ${error.message}`, {
      pointer: `${at}${error.pointer ?? ''}`,
      hint: 'have it written by countersign policy draft, and do not format it afterwards',
      cause: error,
    });
  }
}
