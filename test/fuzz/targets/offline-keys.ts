import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { writeTar, type TarEntry } from '../../../scripts/demo/write-tgz.js';
import type { ErrorCode } from '../../../src/errors.js';
import { readOfflineKeys, signOffline } from '../../../src/offline-keys/index.js';
import { keyidOf, verifySignature } from '../../../src/tuf/index.js';
import { ed25519FromSeed } from '../../support/ed25519-from-seed.js';
import { corpusOf } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { mutatedBytes, mutatedJson } from '../inputs.js';
import { attemptAsync } from '../refusal.js';

const CODES: readonly ErrorCode[] = [
  ...(['OFFLINE_KEYS_INVALID', 'OFFLINE_KEYS_TOO_LARGE', 'OFFLINE_KEYS_UNSAFE', 'KEY_INVALID'] as const),
];
const GZIP = Buffer.from([0x1f, 0x8b]);
const LIMITS = { maxCompressedBytes: 60_000, maxUnpackedBytes: 200_000, maxEntryBytes: 10_000, maxEntries: 20 };

const NAMES = [
  ...['tufrepo/keys/first-root', 'tufrepo/keys/fioctl-root-01', 'tufrepo/keys/offline-targets', './tufrepo/keys/a'],
  ...['../tufrepo/keys/a', '/tufrepo/keys/a', 'tufrepo/keys/../keys/a', 'tufrepo//keys/a', 'a/'.repeat(40)],
];
const SUFFIXES = ['.sec', '.sec', '.pub', '', '/'];
/** Files, links, devices, folders, and the headers by which tar says more about the entry that follows. */
const TYPES = ['0', '0', '0', '0', '', '1', '2', '3', '5', 'x', 'g', 'L', 'K'];
/** Records of such headers. */
const RECORDS = [
  '33 path=tufrepo/keys/../../etc/x\n',
  '20 size=99999999999\n',
  '12 size=-1\n',
  '9 path=\n',
  '99999 path=a\n',
];

/** Archives of offline keys: tars made of entries of all kinds, packed here, and archives with bytes changed. */
export const offlineKeysTarget: FuzzTarget = {
  name: 'offline-keys',
  share: 20_000,
  open() {
    const corpus = corpusOf('offline-keys');
    const keyFiles = ['a', 'b'].flatMap(keyPair);
    const contents = fc.oneof(
      fc.constantFrom(...keyFiles),
      mutatedJson(keyFiles),
      fc.constantFrom(...RECORDS.map((record) => Buffer.from(record))),
    );
    const tars = fc
      .array(fc.tuple(contents, entries), { minLength: 1, maxLength: 4 })
      .map((made) => writeTar(made.map(([content, entry]) => ({ ...entry, content }))));
    const [secret = Buffer.alloc(0), , beside = Buffer.alloc(0)] = keyFiles;
    const sound = writeTar([
      { name: 'tufrepo/keys/a.sec', content: secret },
      { name: 'tufrepo/keys/a.pub', content: beside },
    ]);
    const inputs = fc.oneof(
      { weight: 4, arbitrary: tars },
      mutatedBytes([...corpus.values(), sound]),
      mutatedBytes([gzipSync(sound)]),
    );
    return { corpus, inputs, check };
  },
};

const entries: fc.Arbitrary<Omit<TarEntry, 'content'>> = fc.record(
  {
    name: fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...SUFFIXES)).map((parts) => parts.join('')),
    type: fc.constantFrom(...TYPES),
    linkname: fc.constantFrom('', '/etc/passwd'),
    size: fc.oneof(fc.nat(2000), fc.constantFrom(8 ** 11 - 1)),
  },
  { requiredKeys: ['name'] },
);

/** @param input a tar that is still to be packed, or something packed already */
async function check(input: Buffer): Promise<void> {
  const tgz = input.subarray(0, 2).equals(GZIP) ? input : gzipSync(input);
  const outcome = await attemptAsync(CODES, () => readOfflineKeys(tgz, LIMITS));
  if ('refused' in outcome) return;
  assert.ok(outcome.accepted.length > 0, 'no key, and no refusal');
  for (const offline of outcome.accepted) {
    assert.match(offline.from, /^tufrepo\/keys\/[\x20-\x2e\x30-\x7e]+\.sec$/, 'a key from somewhere else');
    verifySignature(offline.key, signOffline(offline, keyidOf(offline.key), input), input);
  }
}

/** The files of one key, as fioctl writes them. */
function keyPair(words: string): Buffer[] {
  const { privateKey, publicKey } = ed25519FromSeed(words);
  const hex = (der: Buffer): string => der.subarray(-32).toString('hex');
  const secret = hex(privateKey.export({ format: 'der', type: 'pkcs8' }));
  const shown = hex(publicKey.export({ format: 'der', type: 'spki' }));
  return [{ private: secret }, { private: secret + shown }, { public: shown }].map((keyval) =>
    Buffer.from(JSON.stringify({ keytype: 'ED25519', keyval })),
  );
}
