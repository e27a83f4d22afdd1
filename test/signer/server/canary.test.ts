import { afterEach, describe, expect, it } from '@jest/globals';
import { Canary } from '../../../src/signer/server/canary.js';
import { TokenCanary } from '../../../src/signer/server/token-canary.js';
import { rejectionOf } from '../../support/reject-code.js';
import { signerBench, type SignerBench } from '../../support/signer-bench.js';
import { softToken, type SoftTokenOptions } from '../../support/soft-token-pool.js';
import { tufKey } from '../../support/tuf-key.js';

let bench: SignerBench;
afterEach(() => bench.remove());

async function proveWith(options: SoftTokenOptions, elapsedMs = () => 0) {
  const pool = softToken(options);
  const canary = new TokenCanary({ pool, state: () => bench.journal.state, now: () => bench.now, elapsedMs });
  await canary.refresh();
  return { pool, canary };
}

describe('a canary', () => {
  it('is proved once for all who ask, and again when the proof is old', async () => {
    bench = await signerBench();
    let nowMs = 0;
    let proofs = 0;
    const key = tufKey();
    const sign = (text: Uint8Array) => ((proofs += 1), key.sign(text));
    const { canary } = await proveWith({ canary: { ...key, sign } }, () => nowMs);
    expect(canary.report()).toMatchObject({ state: 'ok' });
    nowMs += 9_999;
    await canary.refresh();
    expect(proofs).toBe(1);
    nowMs += 1;
    await Promise.all([canary.refresh(), canary.refresh()]);
    expect(proofs).toBe(2);
  });

  it('is no proof with a wrong signature', async () => {
    bench = await signerBench();
    const other = tufKey();
    const { canary } = await proveWith({ canary: { ...tufKey(), sign: (text) => other.sign(text) } });
    expect(canary.report()).toMatchObject({ state: 'failed', code: 'SIGNATURE_WRONG' });
  });

  it('is never signed with a key that the journal knows for a role, whatever its label says now', async () => {
    bench = await signerBench();
    let asked = 0;
    const relabelled = { ...bench.key, sign: () => ((asked += 1), bench.key.sign(Buffer.alloc(0))) };
    const { canary } = await proveWith({ canary: relabelled });
    expect(canary.report()).toMatchObject({ state: 'failed', code: 'KEY_ROLE_MISMATCH' });
    expect(asked).toBe(0);
  });

  it('is never signed with a key that a root names', async () => {
    bench = await signerBench();
    await bench.signer.sign(bench.fixture.dossier()); // from now on the journal has the roots
    const { canary } = await proveWith({ canary: bench.fixture.keys.root });
    expect(canary.report()).toMatchObject({ state: 'failed', code: 'KEY_ROLE_MISMATCH' });
  });

  it('in a root stops every signature under that root', async () => {
    const canary = tufKey();
    const extra = softToken({ label: 'other', canary });
    bench = await signerBench({ extraTokens: [extra], rootKeys: [canary] });
    expect(await rejectionOf(bench.signer.sign(bench.fixture.dossier()))).toMatch(/^KEY_ROLE_MISMATCH/);
    expect(bench.token.signed).toEqual([]);
  });

  it('that takes too long counts as failed before it has ended, and holds nobody up', async () => {
    bench = await signerBench();
    const pool = softToken({ canary: tufKey() });
    pool.signCanary = () => new Promise(() => undefined);
    let elapsed = 0;
    const parts = { pools: [pool], state: () => bench.journal.state, now: () => bench.now, elapsedMs: () => elapsed };
    const canary = new Canary(parts);
    expect(await canary.ask()).toMatchObject({ tokens: [{ state: 'pending' }] });
    elapsed = 30_000;
    expect(await canary.ask()).toMatchObject({ tokens: [{ state: 'failed', code: 'TOKEN_UNAVAILABLE' }] });
  });

  it('fails at once while the token is not there, and a token without a canary key says so', async () => {
    bench = await signerBench();
    let nowMs = 0;
    const { pool, canary } = await proveWith({ canary: tufKey() }, () => nowMs);
    pool.setState('unavailable');
    nowMs += 60_000;
    await canary.refresh();
    expect(canary.report()).toMatchObject({ state: 'failed', code: 'TOKEN_UNAVAILABLE' });
    expect((await proveWith({})).canary.report()).toMatchObject({ state: 'none', keyid: null });
  });
});
