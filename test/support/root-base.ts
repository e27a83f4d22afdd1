/** Roots in force and targets under them, with keys in memory, for tests of root updates. */
import type { KeyOwner, NewKey, RootBase, RootChange, TargetsDocument } from '../../src/factory/index.js';
import {
  encodeCanonical,
  parseCanonical,
  parseRoot,
  parseTargets,
  publicKeyDer,
  type Root,
  type RootMetadata,
} from '../../src/tuf/index.js';
import { signedMetadata } from '../tuf/make-metadata.js';
import { tufKey, type TufKey } from './tuf-key.js';

export const CREATED = '2026-11-22T16:00:00Z';
export const OWNER = { polisId: '2bd806c97f0e00af1a1fc332', createdAt: '2026-11-22T16:00:00Z' };
export const CHANGELOG: RootChange = {
  op: 'changelog',
  polisId: OWNER.polisId,
  message: 'Rotate keys',
  timestamp: '2026-11-22T16:00:00.445163743Z',
};

/** Keys that tests share, the same in every run. */
export const KEYS = {
  online: key('online'),
  snapshot: key('snapshot'),
  timestamp: key('timestamp'),
  root: [key('root 1'), key('root 2'), key('root 3')] as const,
  targets: [key('targets 1'), key('targets 2'), key('targets 3')] as const,
  spare: [key('spare 1'), key('spare 2'), key('spare 3'), key('spare 4')] as const,
};

function key(name: string): TufKey {
  return tufKey('ED25519', `root base: ${name}`);
}

export interface RootsInput {
  readonly version?: number;
  readonly root?: readonly TufKey[];
  readonly rootThreshold?: number;
  /** Offline ones. */
  readonly targets?: readonly TufKey[];
  readonly productionThreshold?: number;
  readonly expires?: string;
}

/** Roots that are in force; up to version 2 as the Factory makes them. */
export function rootBase(input: RootsInput = {}): RootBase {
  const version = input.version ?? 4;
  return {
    ci: rootSigned({ ...input, version }, 1),
    production: rootSigned({ ...input, version }, version < 3 ? 1 : (input.productionThreshold ?? 2)),
    onlineTargetsKeyid: KEYS.online.keyid,
  };
}

function rootSigned(input: RootsInput & { version: number }, targetsThreshold: number): Root {
  const root = input.root ?? [KEYS.root[0]];
  const targets = input.targets ?? (input.version < 3 ? [] : [KEYS.targets[0]]);
  const all = [...root, ...targets, KEYS.online, KEYS.snapshot, KEYS.timestamp];
  const role = (keys: readonly TufKey[], threshold: number) => ({ keyids: keys.map(({ keyid }) => keyid), threshold });
  const owned = {
    'x-changelog': { message: 'Before', 'polis-id': OWNER.polisId, timestamp: '2026-01-30T16:05:48.391368062-03:00' },
    'x-key-owners': Object.fromEntries(
      [...root, ...targets].map(({ keyid }) => [keyid, { 'created-at': CREATED, 'polis-id': OWNER.polisId }]),
    ),
  };
  return readRoot({
    _type: 'Root',
    consistent_snapshot: false,
    expires: input.expires ?? '2027-06-01T00:00:00Z',
    keys: Object.fromEntries(all.map(({ keyid, key }) => [keyid, key])),
    roles: {
      root: role(root, input.rootThreshold ?? 1),
      snapshot: role([KEYS.snapshot], 1),
      targets: role([KEYS.online, ...targets], targetsThreshold),
      timestamp: role([KEYS.timestamp], 1),
    },
    version: input.version,
    ...(input.version < 3 ? {} : owned),
  }).signed;
}

/** A root from its `signed` member, without signatures. */
export function readRoot(signed: unknown): RootMetadata {
  return parseRoot(encodeCanonical({ signatures: [], signed }));
}

/** The root with its JSON text rewritten. */
export function rewriteRoot(root: Root, rewrite: (text: string) => string): Root {
  return readRoot(parseCanonical(Buffer.from(rewrite(encodeCanonical(root).toString()))).value).signed;
}

export function newKey({ keyid, key }: TufKey): NewKey {
  return { keyid, spkiBase64: publicKeyDer(key).toString('base64') };
}

export function addKey(role: 'root' | 'targets', key: TufKey, owner: KeyOwner = OWNER): RootChange {
  return { op: 'add-key', role, new: newKey(key), owner };
}

export function replaceKey(role: 'root' | 'targets', old: TufKey, key: TufKey, owner: KeyOwner = OWNER): RootChange {
  return { op: 'replace-key', role, old: old.keyid, new: newKey(key), owner };
}

export function removeKey(role: 'root' | 'targets', { keyid }: TufKey): RootChange {
  return { op: 'remove-key', role, old: keyid };
}

/** Production targets of a tag, or those of its active Wave. */
export function targetsDocument(
  tag: string,
  signers: readonly TufKey[],
  { wave = null, version = 42, entries = 1 }: { wave?: string | null; version?: number; entries?: number } = {},
): TargetsDocument {
  const entry = {
    custom: { docker_compose_apps: {}, hardwareIds: ['intel-corei7-64'], tags: [tag], version: String(version) },
    hashes: { sha256: 'ab'.repeat(32) },
    length: 0,
  };
  const names = Array.from({ length: entries }, (_, index) => `intel-corei7-64-lmp-${version + index}`);
  const targets = Object.fromEntries(names.map((name) => [name, entry]));
  const signed = { _type: 'Targets', expires: '2027-11-22T16:26:20Z', targets, version };
  return { tag, wave, metadata: parseTargets(signedMetadata(signed, signers)) };
}
