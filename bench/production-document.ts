import { encodeCanonical, serializeMetadata } from '../src/tuf/index.js';
import type { TufKey } from '../test/support/tuf-key.js';
import { ciTarget } from './ci-builds.js';

const TARGETS_IN_DOCUMENT = 18;

/** Targets metadata of one tag as it is in production, of about 20 kB. */
export function productionDocument(
  index: number,
  signers: readonly Pick<TufKey, 'sign'>[],
): { readonly tag: string; readonly bytes: Buffer } {
  const tag = `tag-${String(index).padStart(5, '0')}`;
  const targets = Array.from({ length: TARGETS_IN_DOCUMENT }, (_, board) => ciTarget(`board-${board}`, 42, [tag]));
  const signedBytes = encodeCanonical({
    _type: 'Targets',
    expires: '2030-01-01T00:00:00Z',
    targets: Object.fromEntries(targets),
    version: 42,
  });
  return { tag, bytes: serializeMetadata({ signatures: signers.map((key) => key.sign(signedBytes)), signedBytes }) };
}
