import {
  checkThreshold,
  serializeMetadata,
  verifySignature,
  type Root,
  type Signature,
  type TargetsMetadata,
} from '../tuf/index.js';
import { publicOnlineKey, signOnline } from './online-keys.js';
import { Refusal } from './refusal.js';
import { refuseUnless } from './parse-body.js';
import { newestRoot } from './roots.js';
import type { SandboxState } from './state.js';

/** Targets metadata with all its signatures, and how many more the production root asks for. */
export interface SignedWave {
  /** Canonical `{signatures, signed}`. */
  readonly text: string;
  readonly missing: number;
}

/**
 * Checks each offered signature against the production root's targets keys and adds the Factory's online one behind
 * them. A signature that does not count is never kept: devices refuse a document for one bad signature more easily
 * than for one too few.
 *
 * @throws Refusal 400
 */
export function signWave(metadata: TargetsMetadata, state: SandboxState): SignedWave {
  const root = newestRoot(state.roots.production).signed;
  const online = publicOnlineKey(state.keys.targets).keyid;
  const offlineKeyids = (root.roles['targets']?.keyids ?? []).filter((keyid) => keyid !== online);
  if (offlineKeyids.length === 0) throw new Refusal(400, 'The root is not configured to sign Targets offline');
  if (metadata.signatures.length === 0) throw new Refusal(400, 'The Targets carry no offline signature');
  metadata.signatures.forEach((signature, index) => {
    checkOffered(signature, `/targets/signatures/${index}`, metadata.signedBytes, root, offlineKeyids);
  });
  return seal(metadata, [...metadata.signatures, signOnline(state.keys.targets, metadata.signedBytes)], root);
}

/**
 * Adds offline signatures to a Wave that needs more of them.
 *
 * @throws Refusal 400; 409 for a key that signed already
 */
export function addSignatures(metadata: TargetsMetadata, more: readonly Signature[], state: SandboxState): SignedWave {
  const root = newestRoot(state.roots.production).signed;
  const online = publicOnlineKey(state.keys.targets).keyid;
  const offlineKeyids = (root.roles['targets']?.keyids ?? []).filter((keyid) => keyid !== online);
  more.forEach((signature, index) => {
    const pointer = `/signatures/${index}`;
    checkOffered(signature, pointer, metadata.signedBytes, root, offlineKeyids);
    if (metadata.signatures.some(({ keyid }) => keyid === signature.keyid)) {
      throw new Refusal(409, 'This key has signed the Wave already', [`${pointer}/keyid: ${signature.keyid}`]);
    }
  });
  const offline = metadata.signatures.filter(({ keyid }) => keyid !== online);
  const onlineSignatures = metadata.signatures.filter(({ keyid }) => keyid === online);
  return seal(metadata, [...offline, ...more, ...onlineSignatures], root);
}

function checkOffered(
  signature: Signature,
  pointer: string,
  signedBytes: Buffer,
  root: Root,
  offlineKeyids: readonly string[],
): void {
  const key = Object.hasOwn(root.keys, signature.keyid) ? root.keys[signature.keyid] : undefined;
  if (key === undefined || !offlineKeyids.includes(signature.keyid)) {
    throw new Refusal(400, 'A signature is not by an offline targets key of the production root', [
      `${pointer}/keyid: ${signature.keyid}`,
    ]);
  }
  refuseUnless('A signature does not verify', pointer, () => verifySignature(key, signature, signedBytes));
}

function seal(metadata: TargetsMetadata, signatures: readonly Signature[], root: Root): SignedWave {
  const { signedBytes } = metadata;
  const all = [...signatures];
  const { missing } = refuseUnless('The signatures do not count', '/targets/signatures', () =>
    checkThreshold({ signedBytes, signatures: all }, root, 'targets'),
  );
  return { text: serializeMetadata({ signatures: all, signedBytes }).toString('utf8'), missing };
}
