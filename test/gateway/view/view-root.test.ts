import { expect, test } from '@jest/globals';
import type { Identity } from '../../../src/gateway/identify.js';
import { viewRoot } from '../../../src/gateway/view/view-root.js';
import type { RequestKey, SignerKey } from '../../../src/signing/index.js';
import { checkThreshold, parseRoot, verifyRootUpdate } from '../../../src/tuf/index.js';
import { codeOf } from '../../support/error-code.js';
import { metadataText, signRoot } from '../../support/factory-fixture.js';
import { KEYS, rootBase } from '../../support/root-base.js';
import { tufKey, type TufKey } from '../../support/tuf-key.js';

const [targetsA, targetsB] = KEYS.targets;
const [root] = KEYS.root;
const served = signRoot(rootBase({ targets: [targetsA, targetsB] }).ci, [root]);
const text = metadataText(served);

const ownTargets = tufKey();
const ownRoot = tufKey();

function requestKey(pair: TufKey, role: RequestKey['role']): RequestKey {
  const owner = { name: 'dave', kind: 'person', polisId: 'p1', factory: 'acme', set: 'rks_1' } as const;
  return { ...owner, id: `rk_${pair.keyid}`, role, key: pair.key, keyid: pair.keyid, created: '', revoked: null };
}

const dave: Identity = {
  factory: 'acme',
  polisId: 'p1',
  requestKeys: [requestKey(ownRoot, 'root'), requestKey(ownTargets, 'targets')],
};

function inToken(pair: TufKey, role: string, state = 'active', factory = 'acme'): SignerKey {
  const { key, keyid } = pair;
  const token = { label: role, serial: '1' };
  return { keyid, keytype: key.keytype, role, factory, token, public: key, ckaId: '01', attributes: {}, state };
}

const signedOf = (view: string) => parseRoot(Buffer.from(view)).signed;

test('the caller’s key stands under the keyid of the offline key, and everything else as it was', () => {
  const view = viewRoot(text, dave, [inToken(root, 'root'), inToken(targetsA, 'targets')]);
  const expected = { ...served.signed.keys, [root.keyid]: ownRoot.key, [targetsA.keyid]: ownTargets.key };
  expect(signedOf(view.text)).toEqual({ ...served.signed, keys: expected });
  expect([...view.shownAs].map(([keyid, { id }]) => [keyid, id])).toEqual([
    [root.keyid, `rk_${ownRoot.keyid}`],
    [targetsA.keyid, `rk_${ownTargets.keyid}`],
  ]);
  expect(view.rootKeys).toEqual(served.signed.keys);
});

test('members keep the order in which they were served, those nobody knows included', () => {
  const { signed, signatures } = JSON.parse(text) as { signed: object; signatures: object[] };
  const odd = JSON.stringify({ signed: { 'x-new': { b: 1, a: [] }, ...signed }, signatures });
  const viewed = JSON.parse(viewRoot(odd, dave, [inToken(root, 'root')]).text) as { signed: { keys: object } };
  expect(Object.keys(viewed)).toEqual(['signed', 'signatures']);
  expect(Object.keys(viewed.signed)).toEqual(['x-new', ...Object.keys(signed)]);
  expect(Object.keys(viewed.signed.keys)).toEqual(Object.keys(served.signed.keys));
});

test('a view is no root: it has no signatures, and no device would take it', () => {
  const view = parseRoot(Buffer.from(viewRoot(text, dave, [inToken(root, 'root')]).text));
  expect(view.signatures).toEqual([]);
  expect(checkThreshold(view, served.signed, 'root').missing).toBe(1);
  const signedByOwner = { ...view, signatures: [ownRoot.sign(view.signedBytes)] };
  expect(codeOf(() => verifyRootUpdate(signRoot(rootBase({ version: 3 }).ci, [root]), signedByOwner))).toBe(
    'THRESHOLD_NOT_MET',
  );
});

test('of several keys in tokens one is shown as the caller’s: the first in the role whose token is there', () => {
  const shown = (...keys: SignerKey[]) => [...viewRoot(text, dave, keys).shownAs.keys()];
  expect(shown(inToken(targetsB, 'targets'), inToken(targetsA, 'targets'))).toEqual([targetsA.keyid]);
  expect(shown(inToken(targetsA, 'targets', 'absent'), inToken(targetsB, 'targets'))).toEqual([targetsB.keyid]);
  expect(shown(inToken(targetsA, 'targets', 'absent'))).toEqual([targetsA.keyid]);
});

test('keys that no token has, of another role or of another Factory stay what they are', () => {
  const keys = [
    inToken(KEYS.spare[0], 'targets'),
    inToken(KEYS.online, 'root'),
    inToken(targetsA, 'root'),
    inToken(targetsB, 'targets', 'active', 'other'),
  ];
  const view = viewRoot(text, dave, keys);
  expect([view.text, view.shownAs.size]).toEqual([text, 0]);
});

test('the request key of the offline key’s own keytype is shown', () => {
  const rsa = tufKey('RSA');
  const inRsa = metadataText(signRoot(rootBase({ targets: [rsa] }).ci, [root]));
  const keys = [inToken(rsa, 'targets')];
  expect(viewRoot(inRsa, dave, keys).shownAs.size).toBe(0);
  const ownRsa = tufKey('RSA');
  const withRsa = { ...dave, requestKeys: [...dave.requestKeys, requestKey(ownRsa, 'targets')] };
  expect(signedOf(viewRoot(inRsa, withRsa, keys).text).keys[rsa.keyid]).toEqual(ownRsa.key);
});

test('who has no request key is shown the root as it was served, byte for byte', () => {
  expect(viewRoot(text, { ...dave, requestKeys: [] }, [inToken(root, 'root')]).text).toBe(text);
});
