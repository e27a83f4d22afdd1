/** Metadata of our own making, for tests that need no recordings. */
import {
  encodeCanonical,
  parseRoot,
  parseTargets,
  type RootMetadata,
  type TargetsMetadata,
} from '../../src/tuf/index.js';
import type { TufKey } from '../support/tuf-key.js';

export interface RootInput {
  readonly version?: number;
  readonly expires?: string;
  readonly root: readonly TufKey[];
  readonly rootThreshold?: number;
  readonly targets?: readonly TufKey[];
  readonly targetsThreshold?: number;
}

/** `signed` of a root with these keys; snapshot and timestamp are the targets role's keys. */
export function rootSigned(input: RootInput) {
  const targets = input.targets ?? input.root;
  const ids = (keys: readonly TufKey[]) => keys.map(({ keyid }) => keyid);
  const online = { keyids: ids(targets), threshold: 1 };
  return {
    _type: 'Root',
    consistent_snapshot: false,
    expires: input.expires ?? '2030-01-01T00:00:00Z',
    keys: Object.fromEntries([...input.root, ...targets].map(({ keyid, key }) => [keyid, key])),
    roles: {
      root: { keyids: ids(input.root), threshold: input.rootThreshold ?? 1 },
      snapshot: online,
      targets: { keyids: ids(targets), threshold: input.targetsThreshold ?? 1 },
      timestamp: online,
    },
    version: input.version ?? 1,
  };
}

export function targetsSigned() {
  const targets = {
    'raspberrypi4-64-lmp-42': {
      custom: { tags: ['production'], version: '42' },
      hashes: { sha256: 'ab'.repeat(32) },
      length: 0,
    },
  };
  return { _type: 'Targets', expires: '2030-01-01T00:00:00Z', targets, version: 42 };
}

/** Bytes of `{signatures, signed}`, signed by these keys. */
export function signedMetadata(signed: unknown, keys: readonly TufKey[]): Buffer {
  const payload = encodeCanonical(signed);
  return encodeCanonical({ signatures: keys.map((key) => key.sign(payload)), signed });
}

export function makeRoot(input: RootInput, signers: readonly TufKey[]): RootMetadata {
  return parseRoot(signedMetadata(rootSigned(input), signers));
}

export function makeTargets(signers: readonly TufKey[]): TargetsMetadata {
  return parseTargets(signedMetadata(targetsSigned(), signers));
}
