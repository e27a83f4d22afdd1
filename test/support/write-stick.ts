import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCanonical, formatTime, serializeMetadata, sha256Hex } from '../../src/tuf/index.js';
import type { BundleContent, BundleFixture } from './bundle-fixture.js';
import { metadataText } from './factory-fixture.js';
import type { TufKey } from './tuf-key.js';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface StickContent extends BundleContent {
  readonly snapshot?: ListingContent;
  readonly timestamp?: ListingContent;
}

interface ListingContent {
  readonly expires?: string;
  readonly meta?: object;
  readonly signedBy?: TufKey;
}

/** Snapshot and timestamp over the targets of `bundles`, as texts of files. */
export function listingsOf(
  { fixture, targets }: BundleFixture,
  content: StickContent = {},
): { readonly snapshot: string; readonly timestamp: string } {
  const { version } = targets.signed;

  /** A snapshot or timestamp that lists one document. */
  const listing = (type: string, name: string, document: string, made: ListingContent = {}): string => {
    const listed = { version, length: Buffer.byteLength(document), hashes: { sha256: sha256Hex(document) } };
    const expires = made.expires ?? formatTime(new Date(fixture.now.getTime() + 30 * DAY_MS));
    const signedBytes = encodeCanonical({ _type: type, expires, meta: made.meta ?? { [name]: listed }, version });
    const signatures = [(made.signedBy ?? fixture.keys.online).sign(signedBytes)];
    return serializeMetadata({ signatures, signedBytes }).toString('utf8');
  };

  const snapshot = listing('Snapshot', 'targets.json', metadataText(targets), content.snapshot);
  return { snapshot, timestamp: listing('Timestamp', 'snapshot.json', snapshot, content.timestamp) };
}

/** Makes `folder/tuf` anew, as `fioctl targets offline-update` does: everything is right but what `content` says otherwise. */
export function writeStick(folder: string, bundles: BundleFixture, content: StickContent = {}): void {
  const { fixture, targets } = bundles;
  const tuf = join(folder, 'tuf');
  rmSync(tuf, { recursive: true, force: true });
  mkdirSync(tuf, { recursive: true });
  const write = (name: string, text: string | Buffer): void => writeFileSync(join(tuf, name), text);
  const { snapshot, timestamp } = listingsOf(bundles, content);
  // the roots before it are the server's own
  write('3.root.json', fixture.rootTexts.production[2] ?? '');
  write('targets.json', metadataText(targets));
  write('snapshot.json', snapshot);
  write('timestamp.json', timestamp);
  write('bundle-targets.json', bundles.bundle(content));
}
