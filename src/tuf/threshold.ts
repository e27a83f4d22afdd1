import { CountersignError, isCountersignError } from '../errors.js';
import { publicKeyDer } from './key.js';
import type { Role, Root, Signature } from './metadata.js';
import { verifySignature } from './signature.js';

/** Who of a role signed a document, and who is missing. */
export interface ThresholdResult {
  readonly role: string;
  readonly threshold: number;
  /** Keyids of the role whose signatures hold. These count. */
  readonly signed: readonly string[];
  /** Keyids of the role that did not sign. */
  readonly unsigned: readonly string[];
  /** Keyids of the role that have a signature which does not count, and why. */
  readonly invalid: readonly { readonly keyid: string; readonly reason: string }[];
  /** Keyids that signed but are not of the role; devices pass over them. */
  readonly unknown: readonly string[];
  /** How many more keys of the role must sign; 0 when the threshold is met. */
  readonly missing: number;
}

export interface SignedDocument {
  readonly signedBytes: Uint8Array;
  readonly signatures: readonly Signature[];
}

/**
 * Verifies a document's signatures with the keys of one role and counts them. One key counts once, also when the
 * root names it under several keyids.
 *
 * @param verify `verifySignatureOnce` for documents that are looked at again and again
 * @throws SIGNATURE_DUPLICATE_KEYID, before anything is counted: devices reject such a document;
 *   METADATA_INVALID when the root has no such role
 */
export function checkThreshold(
  document: SignedDocument,
  root: Root,
  role: string,
  verify: typeof verifySignature = verifySignature,
): ThresholdResult {
  refuseDuplicateKeyids(document.signatures);
  const { keyids, threshold } = roleOf(root, role);
  const signed: string[] = [];
  const invalid: { keyid: string; reason: string }[] = [];
  const counted: Counted[] = [];
  for (const signature of document.signatures) {
    const { keyid } = signature;
    if (!keyids.includes(keyid)) continue;
    const reason = whyNotCounted(document.signedBytes, signature, root, counted, verify);
    if (reason === undefined) signed.push(keyid);
    else invalid.push({ keyid, reason });
  }
  const present = new Set(document.signatures.map(({ keyid }) => keyid));
  return {
    role,
    threshold,
    signed,
    unsigned: keyids.filter((keyid) => !present.has(keyid)),
    invalid,
    unknown: [...present].filter((keyid) => !keyids.includes(keyid)),
    missing: Math.max(0, threshold - signed.length),
  };
}

/**
 * Verifies that enough keys of a role signed a document.
 *
 * @throws as `checkThreshold`, and THRESHOLD_NOT_MET
 */
export function verifyThreshold(document: SignedDocument, root: Root, role: string): ThresholdResult {
  const result = checkThreshold(document, root, role);
  requireThreshold(result, root);
  return result;
}

/** @throws THRESHOLD_NOT_MET by what `checkThreshold` found under that root */
export function requireThreshold(result: ThresholdResult, root: Root): void {
  if (result.missing === 0) return;
  const have = `${result.signed.length} of ${result.threshold} signatures by keys of the role ${result.role}`;
  throw new CountersignError('THRESHOLD_NOT_MET', `${have} of root version ${root.version} hold`, {
    details: {
      role: result.role,
      threshold: result.threshold,
      missing: result.missing,
      signed: result.signed,
      unsigned: result.unsigned,
      invalid: result.invalid.map(({ keyid, reason }) => `${keyid}: ${reason}`),
      unknown: result.unknown,
    },
  });
}

function refuseDuplicateKeyids(signatures: readonly Signature[]): void {
  const seen = new Set<string>();
  signatures.forEach(({ keyid }, index) => {
    if (seen.has(keyid)) {
      throw new CountersignError('SIGNATURE_DUPLICATE_KEYID', `two signatures have the keyid ${keyid}`, {
        pointer: `/signatures/${index}/keyid`,
        details: { keyid },
      });
    }
    seen.add(keyid);
  });
}

function roleOf(root: Root, name: string): Role {
  const role = Object.hasOwn(root.roles, name) ? root.roles[name] : undefined;
  if (role !== undefined) return role;
  throw new CountersignError('METADATA_INVALID', `root version ${root.version} has no role ${name}`, {
    pointer: '/signed/roles',
    details: { role: name },
  });
}

interface Counted {
  readonly keyid: string;
  /** Base64 of the SPKI DER. KeyObject.equals would do, but on keys of two types it leaves an OpenSSL error behind for whoever comes next. */
  readonly spki: string;
}

function whyNotCounted(
  payload: Uint8Array,
  signature: Signature,
  root: Root,
  counted: Counted[],
  verify: typeof verifySignature,
): string | undefined {
  const { keyid } = signature;
  const key = Object.hasOwn(root.keys, keyid) ? root.keys[keyid] : undefined;
  if (key === undefined) return 'the root names this keyid but does not hold its key';
  try {
    verify(key, signature, payload);
  } catch (error) {
    if (isCountersignError(error, 'SIGNATURE_INVALID') || isCountersignError(error, 'KEY_INVALID'))
      return error.message;
    throw error;
  }
  const spki = publicKeyDer(key).toString('base64');
  const same = counted.find((other) => other.spki === spki);
  if (same !== undefined) return `it is the same key as ${same.keyid}, and a key counts once`;
  counted.push({ keyid, spki });
  return undefined;
}
