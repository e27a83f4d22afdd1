import { describe, expect, test } from '@jest/globals';
import {
  encodeCanonical,
  parseRoot,
  parseTargets,
  parseTargetsSigned,
  serializeMetadata,
  sha256Hex,
} from '../../src/tuf/index.js';
import { codeOf, placeOf } from '../support/error-code.js';
import { tufKey } from '../support/tuf-key.js';
import { rootSigned, signedMetadata, targetsSigned } from './make-metadata.js';

const key = tufKey();
const rsaKey = tufKey('RSA');
const SIGNATURE = { keyid: key.keyid, method: 'ed25519', sig: 'AA==' };

type Json = Record<string, unknown>;

/** A copy of `value` in which the member at `path` is `member`; undefined takes it out. */
function changed(value: unknown, path: string, member: unknown): unknown {
  const copy = structuredClone(value) as Json;
  const names = path.split('/').slice(1);
  const last = names.pop() ?? '';
  let parent = copy;
  for (const name of names) parent = parent[name] as Json;
  if (member === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = member;
  return copy;
}

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('metadata', () => {
  const root = { signatures: [SIGNATURE], signed: rootSigned({ root: [key, rsaKey] }) };

  test('its signed bytes are the canonical form of signed, in the memory of the whole document', () => {
    const served = Buffer.from(JSON.stringify(root, null, 2));
    const metadata = parseRoot(served);
    expect(metadata.signedBytes.toString()).toBe(encodeCanonical(root.signed).toString());
    expect(metadata.sha256).toBe(sha256Hex(encodeCanonical(root.signed)));
    const canonical = encodeCanonical(root);
    expect(parseRoot(canonical).signedBytes.buffer).toBe(canonical.buffer);
  });

  test('comes back from serializeMetadata byte for byte, its signatures in their order', () => {
    const signatures = [
      { ...SIGNATURE, keyid: 'b' },
      { ...SIGNATURE, keyid: 'a', extra: { x: [1] } },
    ];
    const canonical = encodeCanonical({ ...root, signatures });
    expect(serializeMetadata(parseRoot(canonical)).equals(canonical)).toBe(true);
  });

  test('members that it does not know survive in signed, keys, roles, targets and signatures', () => {
    let rich: unknown = root;
    for (const path of ['/signed', `/signed/keys/${key.keyid}`, '/signed/roles/root', '/signatures/0']) {
      rich = changed(rich, `${path}/x-unknown`, { b: 1, a: [null] });
    }
    rich = changed(rich, '/signed/roles/x-more', { keyids: [], threshold: 3 });
    expect(parseRoot(bytes(rich)).signed).toEqual((rich as typeof root).signed);
    expect(serializeMetadata(parseRoot(bytes(rich))).equals(encodeCanonical(rich))).toBe(true);
    const targets = changed({ signatures: [], signed: targetsSigned() }, '/signed/targets/raspberrypi4-64-lmp-42/x', 1);
    expect(serializeMetadata(parseTargets(bytes(targets))).equals(encodeCanonical(targets))).toBe(true);
  });

  test.each<[string, unknown, string]>([
    ['/extra', 1, 'METADATA_INVALID /extra'],
    ['/signatures', undefined, 'METADATA_INVALID /signatures'],
    ['/signatures', {}, 'METADATA_INVALID /signatures'],
    ['/signatures/0', null, 'METADATA_INVALID /signatures/0'],
    ['/signatures/0/keyid', undefined, 'METADATA_INVALID /signatures/0/keyid'],
    ['/signatures/0/keyid', 1, 'METADATA_INVALID /signatures/0/keyid'],
    ['/signatures/0/sig', '', 'METADATA_INVALID /signatures/0/sig'],
    ['/signatures/0/method', 'rsassa-pss', 'METADATA_INVALID /signatures/0/method'],
    ['/signatures/0/method', 'ecdsa-sha2-nistp256', 'METADATA_INVALID /signatures/0/method'],
    ['/signed', undefined, 'METADATA_INVALID /signed'],
    ['/signed', [], 'METADATA_INVALID /signed'],
    ['/signed/_type', 'root', 'METADATA_INVALID /signed/_type'],
    ['/signed/_type', 'Targets', 'METADATA_INVALID /signed/_type'],
    ['/signed/version', 0, 'METADATA_INVALID /signed/version'],
    ['/signed/version', -1, 'METADATA_INVALID /signed/version'],
    ['/signed/version', '1', 'METADATA_INVALID /signed/version'],
    ['/signed/version', 1.5, 'CANONICAL_UNSAFE /signed/version'],
    ['/signed/expires', undefined, 'METADATA_INVALID /signed/expires'],
    ['/signed/expires', '2030-01-01T00:00:00.000Z', 'METADATA_INVALID /signed/expires'],
    ['/signed/expires', '2030-01-01T00:00:00+00:00', 'METADATA_INVALID /signed/expires'],
    ['/signed/expires', '2030-01-01T00:00:00z', 'METADATA_INVALID /signed/expires'],
    ['/signed/expires', '2030-02-29T00:00:00Z', 'METADATA_INVALID /signed/expires'],
    ['/signed/expires', '2030-13-01T00:00:00Z', 'METADATA_INVALID /signed/expires'],
    ['/signed/expires', '2030-01-01T24:00:00Z', 'METADATA_INVALID /signed/expires'],
    ['/signed/expires', '2030-12-31T23:59:60Z', 'METADATA_INVALID /signed/expires'],
    ['/signed/expires', 1893456000, 'METADATA_INVALID /signed/expires'],
    ['/signed/consistent_snapshot', undefined, 'METADATA_INVALID /signed/consistent_snapshot'],
    ['/signed/consistent_snapshot', 'false', 'METADATA_INVALID /signed/consistent_snapshot'],
    ['/signed/keys', undefined, 'METADATA_INVALID /signed/keys'],
    ['/signed/keys/x', { keytype: 'ECDSA', keyval: { public: 'x' } }, 'KEY_INVALID /signed/keys/x'],
    ['/signed/keys/x', { keytype: 'ed25519', keyval: key.key.keyval }, 'KEY_INVALID /signed/keys/x'],
    ['/signed/keys/x', { keytype: 'RSA', keyval: key.key.keyval }, 'KEY_INVALID /signed/keys/x'],
    ['/signed/keys/x', { keytype: 'constructor', keyval: key.key.keyval }, 'KEY_INVALID /signed/keys/x'],
    ['/signed/keys/a~b', { keytype: 'RSA' }, 'METADATA_INVALID /signed/keys/a~0b/keyval'],
    ['/signed/keys/x', { keytype: 'RSA', keyval: {} }, 'METADATA_INVALID /signed/keys/x/keyval/public'],
    ['/signed/roles', undefined, 'METADATA_INVALID /signed/roles'],
    ['/signed/roles/root', undefined, 'METADATA_INVALID /signed/roles/root'],
    ['/signed/roles/timestamp', undefined, 'METADATA_INVALID /signed/roles/timestamp'],
    ['/signed/roles/root/threshold', 0, 'METADATA_INVALID /signed/roles/root/threshold'],
    ['/signed/roles/root/threshold', 1001, 'METADATA_INVALID /signed/roles/root/threshold'],
    ['/signed/roles/root/keyids', 'x', 'METADATA_INVALID /signed/roles/root/keyids'],
    ['/signed/roles/root/keyids', ['x', 1], 'METADATA_INVALID /signed/roles/root/keyids/1'],
    ['/signed/roles/root/keyids', ['x', 'y', 'x'], 'METADATA_INVALID /signed/roles/root/keyids/2'],
    ['/signed/roles/more', 1, 'METADATA_INVALID /signed/roles/more'],
    ['/signed/x-changelog', 'x', 'METADATA_INVALID /signed/x-changelog'],
    ['/signed/x-key-owners', null, 'METADATA_INVALID /signed/x-key-owners'],
  ])('refuses a root with %s %j', (path, member, expected) => {
    expect(placeOf(() => parseRoot(bytes(changed(root, path, member))))).toBe(expected);
  });

  test.each<[string, unknown]>([
    ['/signed/roles/targets/threshold', 2],
    ['/signed/roles/targets/threshold', 1000],
    ['/signed/roles/targets/keyids', []],
    ['/signed/roles/targets/keyids', ['not in keys']],
    ['/signed/x-changelog', { timestamp: '2023-01-30T16:05:48.391368062-03:00' }],
    ['/signed/expires', '2028-02-29T23:59:59Z'],
    ['/signatures', []],
  ])('takes a root as staged roots are: %s %j', (path, member) => {
    const document = changed(root, path, member);
    expect(serializeMetadata(parseRoot(bytes(document))).equals(encodeCanonical(document))).toBe(true);
  });

  test.each(['[]', 'null', '"x"', '1'])('refuses %s', (text) => {
    expect(codeOf(() => parseRoot(Buffer.from(text)))).toBe('METADATA_INVALID');
  });

  test('refuses more bytes than it is told to take', () => {
    expect(codeOf(() => parseRoot(bytes(root), { maxBytes: 10 }))).toBe('JSON_TOO_LARGE');
  });
});

describe('targets', () => {
  const entry = '/targets/raspberrypi4-64-lmp-42';

  test.each<[string, unknown, string]>([
    ['/_type', 'Root', '/_type'],
    ['/targets', undefined, '/targets'],
    ['/targets', [], '/targets'],
    [entry, 1, entry],
    [`${entry}/length`, undefined, `${entry}/length`],
    [`${entry}/length`, -1, `${entry}/length`],
    [`${entry}/length`, '0', `${entry}/length`],
    [`${entry}/hashes`, undefined, `${entry}/hashes`],
    [`${entry}/hashes`, {}, `${entry}/hashes`],
    [`${entry}/hashes`, { md5: 'abcd' }, `${entry}/hashes`],
    [`${entry}/hashes/sha256`, 'ab'.repeat(31), `${entry}/hashes/sha256`],
    [`${entry}/hashes/sha256`, 'zz'.repeat(32), `${entry}/hashes/sha256`],
    [`${entry}/hashes/sha256`, 1, `${entry}/hashes/sha256`],
    [`${entry}/hashes/sha512`, 'ab'.repeat(32), `${entry}/hashes/sha512`],
    [`${entry}/hashes/other`, 'abc', `${entry}/hashes/other`],
    [`${entry}/custom`, null, `${entry}/custom`],
    [`${entry}/custom`, [], `${entry}/custom`],
  ])('refuses %s %j, with and without an envelope', (path, member, pointer) => {
    const signed = changed(targetsSigned(), path, member);
    expect(placeOf(() => parseTargetsSigned(bytes(signed)))).toBe(`METADATA_INVALID ${pointer}`);
    expect(placeOf(() => parseTargets(bytes({ signatures: [], signed })))).toBe(`METADATA_INVALID /signed${pointer}`);
  });

  test('without an envelope give the same bytes and digest as in one', () => {
    const inEnvelope = parseTargets(signedMetadata(targetsSigned(), [key]));
    const alone = parseTargetsSigned(Buffer.from(JSON.stringify(targetsSigned(), null, 1)));
    expect(alone.signedBytes.equals(inEnvelope.signedBytes)).toBe(true);
    expect(alone.sha256).toBe(inEnvelope.sha256);
    expect(alone.signed).toEqual(inEnvelope.signed);
  });

  test('an envelope is no signed part, and a signed part no envelope', () => {
    expect(codeOf(() => parseTargetsSigned(signedMetadata(targetsSigned(), [key])))).toBe('METADATA_INVALID');
    expect(codeOf(() => parseTargets(bytes(targetsSigned())))).toBe('METADATA_INVALID');
  });

  test('an entry may have no custom member, and any JSON in it', () => {
    const plain = changed(targetsSigned(), `${entry}/custom`, undefined);
    const rich = changed(targetsSigned(), `${entry}/custom`, { a: [null, { b: 1 }], toJSON: 1 });
    for (const signed of [plain, rich]) expect(parseTargetsSigned(bytes(signed)).signed).toEqual(signed);
  });
});
