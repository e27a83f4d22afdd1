/** Seven consecutive roots of a real Factory. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import {
  canonicalize,
  parseRoot,
  parseTargets,
  serializeMetadata,
  verifyRootChain,
  verifyRootUpdate,
  verifySignature,
} from '../../src/tuf/index.js';
import { codeOf } from '../support/error-code.js';
import { describeGolden, goldenPath } from './golden.js';

const VERSIONS = [1, 2, 3, 4, 5, 6, 7];
const rootBytes = (version: number): Buffer => readFileSync(goldenPath(`foundries/${version}.root.json`));
const root = (version: number) => parseRoot(rootBytes(version));
const VALID_AT = new Date('2024-01-30T20:18:55Z');

/** Codes of a document that is no root any more. */
const PARSER_CODES = ['JSON_INVALID', 'JSON_DUPLICATE_KEY', 'CANONICAL_UNSAFE', 'METADATA_INVALID', 'KEY_INVALID'];

describeGolden('foundries', "a real Factory's roots", () => {
  test('every signature verifies with a key of this root or the one before', () => {
    let count = 0;
    for (const version of VERSIONS) {
      const { signatures, signed, signedBytes } = root(version);
      const keys = { ...(version > 1 ? root(version - 1).signed.keys : {}), ...signed.keys };
      for (const signature of signatures) {
        const key = keys[signature.keyid];
        if (key === undefined) throw new Error(`no key ${signature.keyid}`);
        verifySignature(key, signature, signedBytes);
        count++;
      }
    }
    expect(count).toBe(10);
  });

  test.each(VERSIONS.slice(1))('version %i follows the one before as on a device', (version) => {
    expect(() => verifyRootUpdate(root(version - 1), root(version))).not.toThrow();
  });

  test('the whole chain verifies until its last root expires', () => {
    const chain = VERSIONS.map(root);
    const trustedSha256 = root(1).sha256;
    expect(verifyRootChain(chain, { trustedSha256, now: VALID_AT }).signed.version).toBe(7);
    const expired = new Date('2024-01-30T20:18:56Z');
    expect(codeOf(() => verifyRootChain(chain, { trustedSha256, now: expired }))).toBe('METADATA_EXPIRED');
  });

  test.each(VERSIONS.slice(1, -1))('the chain without version %i does not verify', (version) => {
    const chain = VERSIONS.filter((other) => other !== version).map(root);
    expect(['THRESHOLD_NOT_MET', 'VERSION_GAP']).toContain(codeOf(() => verifyRootChain(chain)));
  });

  test.each(VERSIONS)('version %i comes back byte for byte', (version) => {
    expect(serializeMetadata(root(version)).equals(canonicalize(rootBytes(version)))).toBe(true);
  });

  // A bit of every third byte, a different one from byte to byte and other bytes from version to version: they have the same members.
  test.each(VERSIONS)('one flipped bit anywhere in version %i breaks the chain, with the right code', (version) => {
    const bytes = rootBytes(version);
    const text = bytes.toString('latin1');
    const original = root(version);
    const previous = version === 1 ? undefined : root(version - 1);
    const inSignatureValue = new Uint8Array(bytes.length);
    for (const { keyid, sig } of original.signatures) {
      inSignatureValue.fill(1, text.indexOf(sig), text.indexOf(sig) + sig.length);
      inSignatureValue.fill(1, text.indexOf(keyid), text.indexOf(keyid) + keyid.length);
    }
    const unexpected: string[] = [];
    for (let position = version % 3; position < bytes.length; position += 3) {
      const flipped = Buffer.from(bytes);
      const byte = (bytes[position] ?? 0) ^ (1 << (position % 8));
      flipped[position] = byte;
      const code = codeOf(() => {
        const next = parseRoot(flipped);
        if (previous === undefined) verifyRootChain([next], { trustedSha256: original.sha256 });
        else verifyRootUpdate(previous, next);
      });
      if (!isRight(code, byte, inSignatureValue[position] === 1)) {
        unexpected.push(`byte ${position}, bit ${position % 8}: ${code}`);
      }
    }
    expect(unexpected).toEqual([]);

    function isRight(code: string, byte: number, isInSignatureValue: boolean): boolean {
      if (byte >= 0x80) return code === 'JSON_INVALID';
      if (isInSignatureValue && /[A-Za-z0-9+/=]/.test(String.fromCharCode(byte))) return code === 'THRESHOLD_NOT_MET';
      const verifierCode = previous === undefined ? 'ROOT_NOT_TRUSTED' : 'THRESHOLD_NOT_MET';
      return (
        code === verifierCode || PARSER_CODES.includes(code) || (isInSignatureValue && code === 'THRESHOLD_NOT_MET')
      );
    }
  });

  test('the excerpt of its targets is read, odd members and all', () => {
    const { signed } = parseTargets(readFileSync(goldenPath('foundries/targets.excerpt.json')));
    expect(signed.version).toBe(57);
    expect(signed.targets['raspberrypi3-64-lmp-57']?.custom?.['cliUploaded']).toBe(false);
  });
});
