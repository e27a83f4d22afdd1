import { CountersignError } from '../errors.js';
import { parseCanonical } from './canonical.js';
import { checkSnapshot, checkTimestamp } from './check-listing.js';
import { checkOfflineBundle } from './check-offline-bundle.js';
import { checkRoot } from './check-root.js';
import { checkSignatures } from './check-signed.js';
import { checkTargets } from './check-targets.js';
import { checkObject, memberOf, metadataInvalid } from './checks.js';
import { encodeCanonical } from './encode-canonical.js';
import { type JsonLimits, pointerTo } from './json.js';
import type {
  ListingMetadata,
  Metadata,
  OfflineBundleMetadata,
  RootMetadata,
  Signature,
  Signed,
  SignedPart,
  Targets,
  TargetsMetadata,
} from './metadata.js';
import { requireCanonical } from './require-canonical.js';
import { sha256Hex } from './sha256.js';

/** What canonical metadata has between its signatures and the bytes that they cover. */
const BEFORE_SIGNATURES = '{"signatures":';
const BEFORE_SIGNED = ',"signed":';

/**
 * Root metadata from bytes as served: parsed strictly, its form checked, no signature verified.
 *
 * @throws the codes of `canonicalize`; METADATA_INVALID, KEY_INVALID with the JSON pointer of the offending value
 */
export function parseRoot(bytes: Uint8Array, limits?: JsonLimits): RootMetadata {
  return parseMetadata(bytes, checkRoot, limits);
}

/**
 * Targets metadata from bytes as served: parsed strictly, its form checked, no signature verified.
 *
 * @throws the codes of `canonicalize`; METADATA_INVALID with the JSON pointer of the offending value
 */
export function parseTargets(bytes: Uint8Array, limits?: JsonLimits): TargetsMetadata {
  return parseMetadata(bytes, checkTargets, limits);
}

/**
 * An offline bundle (`bundle-targets.json`) from its bytes as they stand: fioctl signs them without writing them anew, so
 * they have to be in canonical form already. No signature is verified.
 *
 * @throws NOT_CANONICAL naming the first place; the codes of `canonicalize`; METADATA_INVALID, also for a `targets` member
 */
export function parseOfflineBundle(bytes: Uint8Array, limits?: JsonLimits): OfflineBundleMetadata {
  requireCanonical(bytes, limits);
  return parseMetadata(bytes, checkOfflineBundle, limits);
}

/**
 * Snapshot metadata from bytes as served: parsed strictly, its form checked, no signature verified.
 *
 * @throws as `parseTargets`
 */
export function parseSnapshot(bytes: Uint8Array, limits?: JsonLimits): ListingMetadata {
  return parseMetadata(bytes, checkSnapshot, limits);
}

/**
 * Timestamp metadata from bytes as served: parsed strictly, its form checked, no signature verified.
 *
 * @throws as `parseTargets`
 */
export function parseTimestamp(bytes: Uint8Array, limits?: JsonLimits): ListingMetadata {
  return parseMetadata(bytes, checkTimestamp, limits);
}

/**
 * Targets that are not in an envelope with signatures: the document is what would be its `signed` member.
 *
 * @throws as `parseTargets`
 */
export function parseTargetsSigned(bytes: Uint8Array, limits?: JsonLimits): SignedPart<Targets> {
  const { bytes: signedBytes, value } = parseCanonical(bytes, limits);
  const signed: unknown = value;
  const check: Check<Targets> = checkTargets;
  check(signed, '');
  return { signed, signedBytes, sha256: sha256Hex(signedBytes) };
}

/**
 * The canonical bytes of metadata, `{"signatures":…,"signed":…}`. The signatures keep their order.
 *
 * @param metadata `signedBytes` are canonical already and are taken as they are
 * @throws CANONICAL_UNSAFE, JSON_INVALID for signatures that are not JSON of the safe subset
 */
export function serializeMetadata(metadata: {
  readonly signatures: readonly Signature[];
  readonly signedBytes: Uint8Array;
}): Buffer {
  return Buffer.concat([
    Buffer.from(BEFORE_SIGNATURES),
    encodeCanonical(metadata.signatures),
    Buffer.from(BEFORE_SIGNED),
    metadata.signedBytes,
    Buffer.from('}'),
  ]);
}

type Check<T> = (value: unknown, pointer: string) => asserts value is T;

function parseMetadata<T extends Signed>(input: Uint8Array, check: Check<T>, limits?: JsonLimits): Metadata<T> {
  const { bytes, value } = parseCanonical(input, limits);
  checkObject(value, '');
  for (const name of Object.keys(value)) {
    if (name !== 'signatures' && name !== 'signed') {
      throw metadataInvalid(pointerTo('', name), 'metadata has the members signatures and signed only');
    }
  }
  const signatures = memberOf(value, 'signatures');
  checkSignatures(signatures, '/signatures');
  const signed = memberOf(value, 'signed');
  check(signed, '/signed');
  const signedBytes = signedSlice(bytes, signatures);
  return { signed, signatures, signedBytes, sha256: sha256Hex(signedBytes) };
}

/**
 * The bytes of `signed`, in the memory of the whole document. A value has one canonical form, so the length of the
 * signatures' form tells where `signed` starts.
 */
function signedSlice(bytes: Buffer, signatures: readonly Signature[]): Buffer {
  const start = BEFORE_SIGNATURES.length + encodeCanonical(signatures).length;
  const signedStart = start + BEFORE_SIGNED.length;
  if (bytes.toString('latin1', start, signedStart) !== BEFORE_SIGNED) {
    throw new CountersignError('INTERNAL', 'the canonical form of metadata is not laid out as expected');
  }
  return bytes.subarray(signedStart, bytes.length - 1);
}
