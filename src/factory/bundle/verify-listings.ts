import { CountersignError, inPart } from '../../errors.js';
import {
  type ListingMetadata,
  type RootMetadata,
  serializeMetadata,
  sha256Hex,
  type TargetsMetadata,
  verifyNotExpired,
  verifyThreshold,
} from '../../tuf/index.js';

/** What devices read before they look at targets. */
export interface Listings {
  readonly timestamp: ListingMetadata;
  readonly snapshot: ListingMetadata;
}

/**
 * Verifies that the timestamp lists the snapshot and the snapshot the targets, each signed under the root and not expired (TUF
 * client workflow 5.4.2, 5.4.4, 5.5.2–5.5.4, 5.5.6, 5.6.2, 5.6.4). What a device had before (5.4.3, 5.5.5), only it knows.
 *
 * @throws THRESHOLD_NOT_MET, SIGNATURE_DUPLICATE_KEYID, METADATA_EXPIRED, BUNDLE_BASE_INVALID
 */
export function verifyListings(
  root: RootMetadata,
  { timestamp, snapshot }: Listings,
  targets: TargetsMetadata,
  now: Date,
): void {
  inPart('', () => verifyListing(root, 'timestamp', timestamp, now), 'timestamp.json');
  requireListed(timestamp, 'snapshot.json', snapshot);
  inPart('', () => verifyListing(root, 'snapshot', snapshot, now), 'snapshot.json');
  requireListed(snapshot, 'targets.json', targets);
}

function verifyListing(root: RootMetadata, role: string, listing: ListingMetadata, now: Date): void {
  verifyThreshold(listing, root.signed, role);
  verifyNotExpired(listing.signed, now);
}

function requireListed({ signed: { _type, meta } }: ListingMetadata, name: string, document: Listed): void {
  const listed = Object.hasOwn(meta, name) ? meta[name] : undefined;
  const sha256 = listed?.hashes?.['sha256']?.toLowerCase();
  const isListed =
    listed?.version === document.signed.version &&
    (sha256 === undefined || sha256 === sha256Hex(serializeMetadata(document)));
  if (isListed) return;
  const why = listed === undefined ? 'does not name it' : 'is of another one';
  throw new CountersignError('BUNDLE_BASE_INVALID', `devices refuse ${name}: the ${_type.toLowerCase()} ${why}`, {
    hint: 'Make the folder anew with fioctl targets offline-update.',
    details: { file: name, version: document.signed.version },
  });
}

type Listed = ListingMetadata | TargetsMetadata;
