import { checkThreshold, parseTargets, serializeMetadata, type Root, type Signature } from '../tuf/index.js';
import { publicOnlineKey, signOnline, type OnlineKey } from './online-keys.js';
import { keyidsOf } from './staged-roots.js';

/** The signatures of a targets document that matter under new roots, the server's own left out. */
export interface OfflineSignatures {
  readonly signedBytes: Buffer;
  readonly signatures: readonly Signature[];
  /** How many signatures count once the server has added its own, and how many are needed. */
  readonly have: number;
  readonly needed: number;
  /** Keyids whose staged signatures do not verify, or stand twice, or are of no offline targets key. */
  readonly wrong: readonly string[];
}

/** What was staged for a document comes first, then what it had already; signatures of keys that left the role go. */
export function offlineSignatures(
  text: string,
  staged: readonly Signature[],
  root: Root,
  onlineKeyid: string,
): OfflineSignatures {
  const { signedBytes, signatures: had } = parseTargets(Buffer.from(text));
  const keyids = keyidsOf(root, 'targets');
  const isOffline = ({ keyid }: Signature): boolean => keyid !== onlineKeyid && keyids.includes(keyid);
  const kept = had.filter((old) => isOffline(old) && !staged.some(({ keyid }) => keyid === old.keyid));
  const offered = staged.filter((signature, at) => isOffline(signature) && isFirst(staged, signature, at));
  const signatures = [...offered, ...kept];
  const { signed, threshold, invalid } = checkThreshold({ signedBytes, signatures }, root, 'targets');
  return {
    signedBytes,
    signatures,
    have: signed.length + (keyids.includes(onlineKeyid) ? 1 : 0),
    needed: threshold,
    wrong: [
      ...staged.filter((signature, at) => !isOffline(signature) || !isFirst(staged, signature, at)),
      ...invalid,
    ].map(({ keyid }) => keyid),
  };
}

/** The document as it is published with the root: the signature of the server's own key is made anew if it is another key. */
export function reSignedTargets(
  text: string,
  staged: readonly Signature[],
  root: Root,
  online: OnlineKey,
): { text: string; missing: number } {
  const { keyid } = publicOnlineKey(online);
  const { signedBytes, signatures, have, needed } = offlineSignatures(text, staged, root, keyid);
  const had = parseTargets(Buffer.from(text)).signatures.find((signature) => signature.keyid === keyid);
  const all = [...signatures, had ?? signOnline(online, signedBytes)];
  return {
    text: serializeMetadata({ signatures: all, signedBytes }).toString('utf8'),
    missing: Math.max(0, needed - have),
  };
}

function isFirst(signatures: readonly Signature[], { keyid }: Signature, at: number): boolean {
  return signatures.findIndex((other) => other.keyid === keyid) === at;
}
