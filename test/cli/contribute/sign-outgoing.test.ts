import { describe, expect, test } from '@jest/globals';
import { signOutgoing } from '../../../src/cli/contribute/sign-outgoing.js';
import { verifySignature } from '../../../src/tuf/index.js';
import { ed25519FromSeed } from '../../support/ed25519-from-seed.js';
import { codeOf } from '../../support/error-code.js';
import { KEYS } from '../../support/root-base.js';
import { tufKey } from '../../support/tuf-key.js';
import { OFFLINE, OUTGOING, outgoingUpdate } from './outgoing-update.js';

const keyOf = (seed: string) => ({
  from: seed,
  key: tufKey('ED25519', seed).key,
  privateKey: ed25519FromSeed(seed).privateKey,
});

describe('signOutgoing', () => {
  test('signs both new roots, whose old one wants it, with the key that goes', async () => {
    const verified = await outgoingUpdate();
    expect(verified.missingSigners.map(({ document, keyids }) => [document, keyids])).toEqual([
      [0, [OUTGOING.keyid]],
      [1, [OUTGOING.keyid]],
    ]);
    const made = signOutgoing(verified, [keyOf('another one'), OFFLINE]);
    expect(made.map(({ document, keyid }) => [document, keyid])).toEqual([
      [0, OUTGOING.keyid],
      [1, OUTGOING.keyid],
    ]);
    for (const { document, ...signature } of made) {
      verifySignature(OUTGOING.key, signature, verified.documents[document]?.bytes ?? Buffer.alloc(0));
    }
  });

  test('signs nothing with a key that no root names', async () => {
    const verified = await outgoingUpdate();
    expect(codeOf(() => signOutgoing(verified, [keyOf('another one')]))).toBe('KEY_NOT_FOUND');
  });

  test('signs nothing with a root key that stays in force', async () => {
    const verified = await outgoingUpdate();
    const next = { ...verified.signers.next, keyids: [OUTGOING.keyid, KEYS.spare[0].keyid] };
    const staying = { ...verified, signers: { ...verified.signers, next } };
    expect(codeOf(() => signOutgoing(staying, [OFFLINE]))).toBe('KEY_NOT_FOUND');
  });
});
