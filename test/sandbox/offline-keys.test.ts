import { describe, expect, test } from '@jest/globals';
import { parseOfflineKeys } from '../../src/sandbox/index.js';
import { createOfflineSigner } from '../support/sandbox.js';

const { key } = createOfflineSigner();

describe('an offline keys file', () => {
  test('names public keys of targets and, if any, of root', () => {
    expect(parseOfflineKeys(JSON.stringify({ targets: [key] }))).toEqual({ targets: [key], root: [] });
    expect(parseOfflineKeys(JSON.stringify({ targets: [key], root: [key] })).root).toEqual([key]);
  });

  test.each([
    ['CONFIG_INVALID', 'no JSON', '{'],
    ['CONFIG_INVALID', 'no targets key', '{"targets":[]}'],
    ['CONFIG_INVALID', 'a private key', '{"targets":[{"keytype":"ED25519","keyval":{"private":"00"}}]}'],
    ['CONFIG_INVALID', 'another keytype', '{"targets":[{"keytype":"ECDSA","keyval":{"public":"00"}}]}'],
    ['CONFIG_INVALID', 'another role', JSON.stringify({ targets: [key], snapshot: [key] })],
    ['KEY_INVALID', 'a damaged key', '{"targets":[{"keytype":"ED25519","keyval":{"public":"00"}}]}'],
  ])('is refused with %s for %s', (code, _what, text) => {
    expect(() => parseOfflineKeys(text)).toThrow(expect.objectContaining({ code }));
  });
});
