import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { findInRole, readOfflineKeys, signOffline } from '../../src/offline-keys/index.js';
import { keyidOf, parseRoot, verifySignature } from '../../src/tuf/index.js';
import { writeTar, writeTgz, type TarEntry } from '../../scripts/demo/write-tgz.js';
import { ed25519FromSeed } from '../support/ed25519-from-seed.js';
import { rejectionOf } from '../support/reject-code.js';
import { describeGolden, goldenPath } from '../tuf/golden.js';

const INVALID = 'OFFLINE_KEYS_INVALID (no pointer)';
const TOO_LARGE = 'OFFLINE_KEYS_TOO_LARGE (no pointer)';
const UNSAFE = 'OFFLINE_KEYS_UNSAFE (no pointer)';

const { seed, publicHex } = ed25519Hex('offline');
const sec = secretOf(seed);
const pub = JSON.stringify({ keytype: 'ED25519', keyval: { public: publicHex } });

describe('readOfflineKeys: layouts', () => {
  test.each([
    ['a rotated key', 'tufrepo/keys/fioctl-root-0123'],
    ['the Factory’s first root key', 'tufrepo/keys/first-root'],
    ['the older layout', 'tufrepo/keys/offline-targets'],
    ['a file packed by hand', './tufrepo/keys/offline-root'],
  ])('reads %s', async (_, path) => {
    const keys = await readOfflineKeys(
      writeTgz([
        { name: './tufrepo/keys/', type: '5' },
        { name: `${path}.pub`, content: pub },
        { name: `${path}.sec`, content: sec },
        { name: 'tufrepo/roots/unsigned/root.json', content: '{"not":"a key"}' },
      ]),
    );
    expect(keys.map(({ key }) => key.keyval.public)).toEqual([publicHex]);
  });

  test('reads a seed with its public key behind it, and refuses another public key there', async () => {
    const [key] = await readOfflineKeys(archive(secretOf(seed + publicHex)));
    expect(key?.key.keyval.public).toBe(publicHex);
    expect(await rejectionOf(readOfflineKeys(archive(secretOf(seed + ed25519Hex('other').publicHex))))).toBe(INVALID);
  });

  test('reads an RSA key in PKCS#1, and what it signs verifies with the public part', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const [key] = await readOfflineKeys(archive(JSON.stringify({ keytype: 'RSA', keyval: { private: pem } })));
    if (key === undefined) throw new Error('no key');
    const payload = Buffer.from('{}');
    const signature = signOffline(key, keyidOf(key.key), payload);
    expect(signature.method).toBe('rsassa-pss-sha256');
    verifySignature(key.key, signature, payload);
  });

  test('gives a key that stands under two names once', async () => {
    const keys = await readOfflineKeys(
      writeTgz([
        { name: 'tufrepo/keys/first-root.sec', content: sec },
        { name: 'tufrepo/keys/offline-root.sec', content: sec },
      ]),
    );
    expect(keys).toHaveLength(1);
  });
});

describe('readOfflineKeys: what it refuses', () => {
  const file: TarEntry = { name: 'tufrepo/keys/a.sec', content: sec };

  test.each<[string, string, Buffer]>([
    ['what is no gzip', INVALID, Buffer.from('no archive')],
    ['a gzip that is cut short', INVALID, writeTgz([file]).subarray(0, -20)],
    ['a tar that is cut short', INVALID, gzipSync(writeTar([file]).subarray(0, 530))],
    ['what is no tar', INVALID, gzipSync(Buffer.alloc(1024, 'x'))],
    ['an empty archive', INVALID, writeTgz([])],
    ['an archive without private keys', INVALID, writeTgz([{ name: 'tufrepo/keys/a.pub', content: pub }])],
    ['one path twice', INVALID, writeTgz([file, { ...file, name: `./${file.name}` }])],
    ['a private key that is no JSON', INVALID, archive('x')],
    ['a private key of another form', INVALID, archive('{"keytype":"ED25519","keyval":{}}')],
    ['an Ed25519 key of the wrong length', INVALID, archive(secretOf(seed.slice(2)))],
    ['a keytype that devices do not know', INVALID, archive(sec.replace('ED25519', 'ECDSA'))],
    ['an RSA key that is none', INVALID, archive('{"keytype":"RSA","keyval":{"private":"-----BEGIN"}}')],
    [
      'a public key beside that is another one',
      INVALID,
      writeTgz([file, { name: 'tufrepo/keys/a.pub', content: pub.replace(publicHex, ed25519Hex('other').publicHex) }]),
    ],
    ['a path that walks up', UNSAFE, writeTgz([{ ...file, name: 'tufrepo/../../keys/a.sec' }])],
    ['an absolute path', UNSAFE, writeTgz([{ ...file, name: '/tufrepo/keys/a.sec' }])],
    ['a path with control characters', UNSAFE, writeTgz([{ ...file, name: 'tufrepo/keys/\x1b[2J.sec' }])],
    ['a symbolic link', UNSAFE, writeTgz([{ name: file.name, type: '2', linkname: '/etc/shadow' }])],
    ['a hard link', UNSAFE, writeTgz([file, { name: 'tufrepo/keys/b.sec', type: '1', linkname: file.name }])],
    ['a device', UNSAFE, writeTgz([{ name: file.name, type: '3' }])],
    ['ten thousand entries', TOO_LARGE, writeTgz(Array.from({ length: 10_000 }, (_, n) => ({ name: `f${n}` })))],
    ['an entry that is too large', TOO_LARGE, writeTgz([{ name: 'large', content: Buffer.alloc(2 ** 20 + 1) }])],
    ['an entry that says it is huge', TOO_LARGE, writeTgz([{ ...file, size: 2 ** 32 }])],
    ['a little that unpacks to a lot', TOO_LARGE, gzipSync(Buffer.alloc(64 * 2 ** 20))],
    ['a file that is too large', TOO_LARGE, Buffer.alloc(2 * 2 ** 20 + 1)],
  ])('refuses %s', async (_, refusal, tgz) => {
    expect(await rejectionOf(readOfflineKeys(tgz))).toBe(refusal);
  });

  test('says nothing of a private key, in no error and no printed or serialised key', async () => {
    const broken = sec.slice(0, -3);
    const error: unknown = await readOfflineKeys(archive(broken)).catch((thrown: unknown) => thrown);
    const keys = await readOfflineKeys(archive(sec));
    const printed = [inspect(error, { depth: 9 }), inspect(keys, { depth: 9, showHidden: true }), JSON.stringify(keys)];
    expect(printed.join('\n')).toContain('tufrepo/keys/a.sec');
    expect(printed.filter((text) => text.includes(seed.slice(0, 16)))).toEqual([]);
  });
});

describeGolden('fioctl/A', 'the archives that fioctl made', () => {
  const roots = { A: newestRoots('A', '40'), B: newestRoots('B', '57') };

  test.each([
    ['A', 'keys.tgz', 4],
    ['A', 'root-only.tgz', 3],
    ['A', 'targets-only.tgz', 3],
    ['A', 'copied.tgz', 1],
    ['A', 'targets-new.tgz', 1],
    ['B', 'root.tgz', 4],
    ['B', 'alice-targets.tgz', 1],
  ] as const)(
    '%s/%s gives its keys, each of which makes the signatures of the roots again',
    async (story, file, count) => {
      const keys = await readOfflineKeys(readFileSync(goldenPath(`fioctl/${story}/keys/${file}`)));
      expect(keys).toHaveLength(count);
      for (const root of roots[story]) {
        for (const { keyid, offline } of findInRole(keys, root.signed, 'root')) {
          const made = signOffline(offline, keyid, root.signedBytes);
          const recorded = root.signatures.find((signature) => signature.keyid === keyid);
          if (made.method === 'ed25519') expect(made.sig).toBe(recorded?.sig);
        }
      }
    },
  );

  test('the keys in force are found in the newest root by their public values', async () => {
    const keys = await readOfflineKeys(readFileSync(goldenPath('fioctl/A/keys/root-only.tgz')));
    const newest = roots.A.at(-1);
    if (newest === undefined) throw new Error('no roots');
    expect(findInRole(keys, newest.signed, 'root').map(({ keyid }) => keyid)).toEqual(
      newest.signed.roles['root']?.keyids,
    );
    expect(findInRole(keys, newest.signed, 'targets')).toEqual([]);
  });
});

function archive(content: string): Buffer {
  return writeTgz([{ name: 'tufrepo/keys/a.sec', content }]);
}

function secretOf(hex: string): string {
  return JSON.stringify({ keytype: 'ED25519', keyval: { private: hex } });
}

function ed25519Hex(words: string): { seed: string; publicHex: string } {
  const { privateKey, publicKey } = ed25519FromSeed(words);
  return {
    seed: privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32).toString('hex'),
    publicHex: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'),
  };
}

/** The roots that `download-roots` got at the end of a story. */
function newestRoots(story: string, number: string): ReturnType<typeof parseRoot>[] {
  const folder = goldenPath(`fioctl/${story}`);
  const file = readdirSync(folder).find((name) => name.startsWith(`${number}-`)) ?? '';
  const { exchanges } = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as {
    exchanges: { status: number; 'response-body': unknown }[];
  };
  return exchanges
    .filter(({ status }) => status === 200)
    .map((exchange) => parseRoot(Buffer.from(JSON.stringify(exchange['response-body']))));
}
