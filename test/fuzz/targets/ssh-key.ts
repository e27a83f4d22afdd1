import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatSshPublicKey, parseSshPublicKey } from '../../../src/approval/index.js';
import { corpusOf } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { madeBy, mutatedBytes, oneOf } from '../inputs.js';
import { mutateBytes } from '../mutate-bytes.js';
import { attempt } from '../refusal.js';

export const sshKeyTarget: FuzzTarget = {
  name: 'ssh-key',
  share: 60_000,
  open() {
    const corpus = corpusOf('ssh-key');
    const seeds = [...corpus.values()];
    const keys = seeds.map((seed) => {
      const [type = '', base64 = ''] = seed.toString('latin1').split(' ');
      return { type, blob: Buffer.from(base64, 'base64') };
    });
    const blobs = keys.map(({ blob }) => blob);
    const insideBase64 = madeBy((random) => {
      const { type, blob } = oneOf(random, keys);
      return Buffer.from(`${type} ${mutateBytes(random, blob, blobs).toString('base64')} a comment`);
    });
    return { corpus, inputs: fc.oneof(mutatedBytes(seeds), { weight: 3, arbitrary: insideBase64 }), check };
  },
};

function check(input: Buffer): void {
  const line = input.toString('utf8');
  const outcome = attempt(['SSH_KEY_INVALID'], () => parseSshPublicKey(line));
  if ('refused' in outcome) return;
  const key = outcome.accepted;
  assert.ok(line.startsWith(`${key.algorithm} ${key.blob.toString('base64')}`), 'says another key than the line');
  const again = parseSshPublicKey(formatSshPublicKey(key));
  assert.equal(formatSshPublicKey(again), formatSshPublicKey(key), 'written and read, it is another line');
  assert.ok(again.blob.equals(key.blob) && again.fingerprint === key.fingerprint);
}
