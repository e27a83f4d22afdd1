import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NAMESPACES, parseSshSignature, verifySshSignature, type SshSignature } from '../../../src/approval/index.js';
import type { ErrorCode } from '../../../src/errors.js';
import { armor, dearmor, encodeSshsig, mpint, wireString } from '../../support/ssh-forge.js';
import { corpusOf } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { madeBy, mutatedBytes, oneOf } from '../inputs.js';
import { mutateBytes } from '../mutate-bytes.js';
import { attempt } from '../refusal.js';

const CODES: readonly ErrorCode[] = ['SSHSIG_INVALID', 'SSHSIG_NAMESPACE', 'SSHSIG_MISMATCH', 'SSHSIG_USER_PRESENCE'];
/** What the signatures of the corpus are over. */
const MESSAGE = Buffer.from('the fuzzed message');
const WIDTHS = [1, 64, 70, 76];

export const sshsigTarget: FuzzTarget = {
  name: 'sshsig',
  share: 60_000,
  open() {
    const corpus = corpusOf('sshsig');
    const seeds = [...corpus.values()];
    const blobs = seeds.map((seed) => dearmor(seed.toString('latin1')));
    const genuine = new Set(blobs.map((blob) => blob.toString('hex')));
    const insideArmor = madeBy((random) => {
      const blob = mutateBytes(random, oneOf(random, blobs), blobs);
      return Buffer.from(random(8) === 0 ? armorOf(blob, oneOf(random, WIDTHS)) : armor(blob));
    });
    const inputs = fc.oneof(mutatedBytes(seeds), { weight: 3, arbitrary: insideArmor });
    return { corpus, inputs, check: (input) => check(input.toString('utf8'), genuine) };
  },
};

function check(armored: string, genuine: ReadonlySet<string>): void {
  const parsed = attempt(['SSHSIG_INVALID'], () => parseSshSignature(armored));
  const namespace = NAMESPACES.approve;
  const verified = attempt(CODES, () => verifySshSignature({ armored, namespace, message: MESSAGE }));
  if ('refused' in parsed) {
    assert.ok('refused' in verified, 'verified, though it cannot be parsed');
    return;
  }
  const blob = Buffer.from(armored.split('\n').slice(1).join('').replace(/-.*$/, ''), 'base64');
  assert.ok(encode(parsed.accepted).equals(blob), 'accepted, but it says the same in other bytes');
  if ('accepted' in verified) assert.ok(genuine.has(blob.toString('hex')), 'a forged signature is verified');
}

/** The signature's one encoding, from nothing but what was read. */
function encode({
  publicKey,
  namespace,
  hashAlgorithm,
  signatureAlgorithm,
  signature,
  securityKey,
}: SshSignature): Buffer {
  const half = signature.length / 2;
  const isEcdsa = publicKey.facts.primitive.kind === 'ecdsa';
  const value = isEcdsa
    ? Buffer.concat([mpint(signature.subarray(0, half)), mpint(signature.subarray(half))])
    : signature;
  const assertion = Buffer.alloc(securityKey === null ? 0 : 5);
  if (securityKey !== null) {
    assertion.writeUInt8(securityKey.flags, 0);
    assertion.writeUInt32BE(securityKey.counter, 1);
  }
  return encodeSshsig({
    ...{ magic: Buffer.from('SSHSIG'), version: 1, publicKey: publicKey.blob, namespace, hashAlgorithm },
    ...{ reserved: Buffer.alloc(0), trailing: Buffer.alloc(0) },
    signature: Buffer.concat([wireString(signatureAlgorithm), wireString(value), assertion]),
  });
}

function armorOf(blob: Buffer, width: number): string {
  const lines = blob.toString('base64').match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----'].join('\n');
}
