import { z } from 'zod';
import { parseWithSchema } from '../approval/index.js';
import { type OfficerSignature, parsePolicy, personSchema, type SignedPolicy } from '../policy/index.js';
import { encodeText, parseText } from '../tuf/index.js';
import { asRecoveryError, encodeRecovery, parseRecovery, type Recovery } from './recovery.js';

/** recovery.json: what goes from the signer's machine to the officers' and back. */
export interface RecoveryFile {
  readonly recovery: Recovery;
  /** Canonical text of `recovery`: what `ssh-keygen -Y sign -n countersign-recover-v1` signs. */
  readonly text: string;
  readonly signatures: readonly OfficerSignature[];
  /** Version 1 first, so that officers can tell from their own pins whose signatures count. */
  readonly policies: readonly SignedPolicy[];
}

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_SIGNATURES = 200;
const MAX_SSHSIG_CHARS = 16_384;

const fileSchema = z.strictObject({
  policies: z.array(z.string()).min(1),
  signatures: z
    .array(z.strictObject({ person: personSchema, sshsig: z.string().max(MAX_SSHSIG_CHARS) }))
    .max(MAX_SIGNATURES),
  signed: z.string(),
});

/**
 * Parses recovery.json, `{policies, signatures, signed}`, with texts as strings. Whether it is approved is for
 * `checkRecoverySignatures`.
 *
 * @param input canonical text (RFC 8785); one newline at its end is allowed
 * @throws RECOVERY_INVALID, POLICY_INVALID
 */
export function parseRecoveryFile(input: string): RecoveryFile {
  const text = input.endsWith('\n') ? input.slice(0, -1) : input;
  const value = asRecoveryError(() => parseText(text, { maxBytes: MAX_FILE_BYTES, lineFeeds: true }));
  const file = parseWithSchema(fileSchema, value, { code: 'RECOVERY_INVALID', what: 'recovery file' });
  const { signatures, signed } = file;
  const policies = file.policies.map((policy) => parsePolicy(policy));
  return { recovery: parseRecovery(signed), text: signed, signatures, policies };
}

/** @param policies policy.json texts, version 1 first */
export function serializeRecoveryFile(
  recovery: Recovery,
  policies: readonly string[],
  signatures: readonly OfficerSignature[],
): string {
  const signed = encodeRecovery(recovery);
  return `${encodeText({ policies, signatures, signed }, { lineFeeds: true })}\n`;
}
