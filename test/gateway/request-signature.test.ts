import { describe, expect, it } from '@jest/globals';
import type { Identity } from '../../src/gateway/identify.js';
import { requireRequestSignature } from '../../src/gateway/request-signature.js';
import type { RequestKey } from '../../src/signing/index.js';
import type { Signature } from '../../src/tuf/index.js';
import { tufKey, type TufKey } from '../support/tuf-key.js';

const BYTES = Buffer.from('{"_type":"Targets"}');

function requestKey(pair: TufKey, more: Partial<RequestKey> = {}): RequestKey {
  return {
    id: `rk_${pair.keyid.slice(0, 8)}`,
    set: 'rks_1',
    name: 'carol',
    kind: 'person',
    polisId: 'p-carol',
    factory: 'acme',
    role: 'targets',
    key: pair.key,
    keyid: pair.keyid,
    created: '2026-11-22T16:00:00.000Z',
    revoked: null,
    ...more,
  };
}

const [own, ownRoot, offline, online] = [tufKey(), tufKey(), tufKey(), tufKey()];
const [others, former, local] = [tufKey(), tufKey(), tufKey()];
const carols = requestKey(own);
const carolsRoot = requestKey(ownRoot, { role: 'root' });
const registered = [
  carols,
  carolsRoot,
  requestKey(others, { name: 'dave', polisId: 'p-dave' }),
  requestKey(former, { revoked: '2026-11-22T16:00:00.000Z' }),
];
const identity: Identity = { factory: 'acme', polisId: 'p-carol', requestKeys: [carols, carolsRoot] };
const keys = {
  activeRequestKeys: () => Promise.resolve(identity.requestKeys),
  requestKeys: () => Promise.resolve(registered),
};
const rootKeys = { [offline.keyid]: offline.key, [online.keyid]: online.key };
const shown = { shownAs: new Map([[offline.keyid, carols]]), rootKeys };

/** As fioctl signs: with the key that it holds, under the keyid that it was shown. */
function signedBy(pair: TufKey, keyid: string = offline.keyid, bytes: Buffer = BYTES): Signature {
  return { ...pair.sign(bytes), keyid };
}

function judge(signatures: readonly Signature[], more: Partial<Parameters<typeof requireRequestSignature>[3]> = {}) {
  return requireRequestSignature(identity, 'targets', { signedBytes: BYTES, signatures }, { ...shown, ...more }, keys);
}

describe('what comes through the gateway to be signed', () => {
  it('is signed by a request key of the account that calls, under the keyid that it was shown', async () => {
    expect(await judge([signedBy(own)])).toEqual(carols);
  });

  it.each([
    ['unsigned', [], /nothing in it is signed/],
    ['altered after it was signed', [signedBy(own, offline.keyid, Buffer.from('{}'))], /not what was signed/],
    ['signed under a keyid that was not shown', [signedBy(own, own.keyid)], /not one that you were shown/],
    ['signed under the online key’s keyid', [signedBy(own, online.keyid)], /not one that you were shown/],
    ['signed by somebody else’s request key', [signedBy(others)], /request key that is not yours/],
    ['signed by a request key that was revoked', [signedBy(former)], /revoked/],
    ['signed by an unknown key', [signedBy(local)], /not what was signed/],
    ['signed by the offline key itself', [signedBy(offline)], /offline key itself/],
    ['signed by the request key and the offline key', [signedBy(own), signedBy(offline, local.keyid)], /offline key/],
    ['signed by the request key of another role', [signedBy(ownRoot)], /not what was signed/],
  ])('is refused if it is %s', async (_what, signatures, message) => {
    await expect(judge(signatures)).rejects.toMatchObject({ code: 'REQUEST_SIGNATURE_REFUSED' });
    await expect(judge(signatures)).rejects.toThrow(message);
  });

  it('is refused if a key of the caller’s was shown that is revoked since', async () => {
    const since = { ...identity, requestKeys: [carolsRoot, requestKey(tufKey())] };
    const judged = requireRequestSignature(
      since,
      'targets',
      { signedBytes: BYTES, signatures: [signedBy(own)] },
      shown,
      { ...keys, requestKeys: () => Promise.resolve([{ ...carols, revoked: 'then' }]) },
    );
    await expect(judged).rejects.toThrow(/revoked/);
  });

  it('is refused with what to do, if the account has no request key for that role', async () => {
    const none = { ...identity, requestKeys: [carolsRoot] };
    const judged = requireRequestSignature(none, 'targets', { signedBytes: BYTES, signatures: [] }, shown, keys);
    await expect(judged).rejects.toMatchObject({
      code: 'REQUEST_KEY_MISSING',
      hint: expect.stringContaining('countersign request-key create'),
    });
  });

  it('may be signed besides by the key that fioctl has just made, and by that alone it is not signed', async () => {
    const besides = new Set([local.keyid]);
    const made = signedBy(local, local.keyid);
    expect(await judge([made, signedBy(own)], { besides })).toEqual(carols);
    await expect(judge([made], { besides })).rejects.toMatchObject({ code: 'REQUEST_SIGNATURE_REFUSED' });
    await expect(judge([made, signedBy(own)])).rejects.toMatchObject({ code: 'REQUEST_SIGNATURE_REFUSED' });
  });

  it('has no two signatures of one keyid', async () => {
    await expect(judge([signedBy(own), signedBy(own)])).rejects.toMatchObject({ code: 'SIGNATURE_DUPLICATE_KEYID' });
  });
});
