import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKey } from '../../../src/signer/keys/index.js';
import type { TokenKey } from '../../../src/signer/token-types.js';
import { verifySignature } from '../../../src/tuf/index.js';
import { z } from 'zod';
import { runScript } from '../../support/run-script.js';
import { makeSoftHsm, type SoftHsm } from '../../support/softhsm.js';

let hsm: SoftHsm;
let token: ReturnType<SoftHsm['makeToken']>;
let key: TokenKey;
beforeAll(async () => {
  hsm = makeSoftHsm();
  token = hsm.makeToken('release');
  key = await generateKey(token, { factory: 'acme', role: 'targets', type: 'ed25519' }, hsm.options);
});
afterAll(() => hsm.remove());

/** Runs `steps` in a process that is logged in; `token` is the OpenToken, `pair` the key, `answer(value)` reports. */
async function inToken(steps: string): Promise<unknown> {
  const options = { module: { path: token.module }, selector: { label: token.label }, pinFile: token.pinFile };
  const script = runScript(`
    process.env.SOFTHSM2_CONF = ${JSON.stringify(token.moduleEnvironment['SOFTHSM2_CONF'])};
    const { OpenToken } = await import('./src/signer/worker/open-token.ts');
    const answer = (value) => console.log(JSON.stringify(value));
    const token = OpenToken.open({ ...${JSON.stringify(options)}, stateDir: ${JSON.stringify(hsm.stateDir)} });
    const pair = token.found.pairs[0];
    const codeOf = (call) => { try { call(); return 'NOTHING_THROWN'; } catch (error) { return error.code; } };
    ${steps}
    token.close();
  `);
  try {
    return JSON.parse(await script.line());
  } finally {
    await script.kill();
  }
}

const signatureSchema = z.object({ keyid: z.string(), method: z.string(), sig: z.string() });

describe('a token that a process is logged in to', () => {
  it('signs on after an operation got stuck in the session, with the login it has', async () => {
    const answer = await inToken(`
      const stuck = token.session.native.handle;
      token.session.native.createSign({ name: 0x1057, params: null }, pair.privateKey);
      const signature = token.sign(pair.keyid, Buffer.from('document'));
      answer({ signature, replaced: !token.session.native.handle.equals(stuck) });
    `);
    const { signature, replaced } = z.object({ signature: signatureSchema, replaced: z.boolean() }).parse(answer);
    expect(replaced).toBe(true);
    verifySignature(key.key, signature, Buffer.from('document'));
  });

  it('releases no signature that its public key does not verify', async () => {
    const answer = await inToken(`
      const other = { ...pair, key: { keytype: 'ED25519', keyval: { public: '${'11'.repeat(32)}' } } };
      answer(codeOf(() => token.signPair(other, Buffer.from('document'))));
    `);
    expect(answer).toBe('SIGNATURE_WRONG');
  });

  it('signs with no key that could be taken out', async () => {
    const answer = await inToken(`
      const other = { ...pair, attributes: { ...pair.attributes, extractable: true } };
      answer(codeOf(() => token.signPair(other, Buffer.from('document'))));
    `);
    expect(answer).toBe('KEY_ATTRIBUTES');
  });

  it('refuses to guess between two copies of one key', async () => {
    const answer = await inToken(`
      const { ObjectClass } = await import('graphene-pk11');
      const [publicKey] = token.session.native.find({ class: ObjectClass.PUBLIC_KEY });
      const copy = publicKey.copy({ token: false });
      const ambiguous = codeOf(() => { token.refresh(); token.sign(pair.keyid, Buffer.from('document')); });
      copy.destroy();
      token.refresh();
      answer([ambiguous, codeOf(() => token.sign(pair.keyid, Buffer.from('document')))]);
    `);
    expect(answer).toEqual(['KEY_AMBIGUOUS', 'NOTHING_THROWN']);
  });

  it('leaves keys alone whose label is none of ours', async () => {
    const answer = await inToken(`
      const { ObjectClass } = await import('graphene-pk11');
      const [publicKey] = token.session.native.find({ class: ObjectClass.PUBLIC_KEY });
      publicKey.setAttribute({ label: 'somebody else' });
      token.refresh();
      const keys = token.keys();
      const code = codeOf(() => token.sign(pair.keyid, Buffer.from('document')));
      publicKey.setAttribute({ label: pair.ckaLabel });
      answer({ keys, code });
    `);
    expect(answer).toEqual({ keys: [], code: 'KEY_NOT_FOUND' });
  });
});
