import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generateCanary, generateKey, readToken } from '../../../src/signer/keys/index.js';
import { canaryText } from '../../../src/signer/key-rules/index.js';
import { TokenCanary } from '../../../src/signer/server/token-canary.js';
import type { CanaryKey, TokenPool } from '../../../src/signer/token-types.js';
import { verifySignature } from '../../../src/tuf/index.js';
import type { Fault } from '../../shim/fault-shim.js';
import { rejectionOf } from '../../support/reject-code.js';
import { signerBench, type SignerBench } from '../../support/signer-bench.js';
import { type FaultBench, makeFaultBench } from './fault-bench.js';

let bench: FaultBench;
let signer: SignerBench; // for its journal, which knows nothing of this token
let key: CanaryKey;
beforeAll(async () => {
  [bench, signer] = await Promise.all([makeFaultBench(), signerBench()]);
  key = await generateCanary(bench.shim.token, 'ed25519', bench.options);
});
afterEach(async () => bench.reset());
afterAll(async () => {
  await bench.remove();
  await signer.remove();
});

const text = (): Buffer => canaryText(new Date(), Buffer.from('any'));

/** Proves as often as it is called, however fast. */
function canaryOf(pool: TokenPool): () => Promise<string> {
  let elapsed = 0;
  const canary = new TokenCanary({
    pool,
    state: () => signer.journal.state,
    now: () => new Date(),
    elapsedMs: () => (elapsed += 5_000),
  });
  return async () => {
    elapsed += 60_000;
    await canary.refresh();
    const { state, code } = canary.report();
    return code ?? state;
  };
}

describe('the canary key of a token', () => {
  it('is made once, cannot leave, and is none of the keys with a role', async () => {
    const again = generateCanary(bench.shim.token, 'ed25519', bench.options);
    expect(await rejectionOf(again)).toBe('KEY_EXISTS (no pointer)');
    const held = await readToken(bench.shim.token, bench.options);
    expect(held.canary).toEqual(key);
    expect(held.keys.map(({ keyid }) => keyid)).toEqual([bench.key.keyid]);
    const standby = generateKey(bench.shim.token, { factory: 'acme', role: 'targets', type: 'ed25519' }, bench.options);
    expect(await rejectionOf(standby)).toBe('KEY_EXISTS (no pointer)');
  });

  it('signs canaries and nothing else; keys with a role sign no canaries', async () => {
    const pool = await bench.open();
    const payload = text();
    const { signature } = await pool.signCanary({ keyid: key.keyid, payload });
    verifySignature(key.key, signature, payload);
    const before = bench.shim.calls('C_Sign');
    expect(await rejectionOf(pool.sign({ keyid: key.keyid, payload }))).toBe('KEY_NOT_FOUND (no pointer)');
    expect(await rejectionOf(pool.signCanary({ keyid: bench.key.keyid, payload }))).toBe('KEY_NOT_FOUND (no pointer)');
    const metadata = Buffer.from('{"signatures":[],"signed":{}}');
    const misused = pool.signCanary({ keyid: key.keyid, payload: metadata });
    expect(await rejectionOf(misused)).toBe('INPUT_INVALID (no pointer)');
    expect(bench.shim.calls('C_Sign')).toBe(before);
  });
});

describe('the canary of a token', () => {
  it.each<[string, Fault, string]>([
    ['signs wrongly', 'flip', 'SIGNATURE_WRONG'],
    ['crashes', 'crash', 'WORKER_UNAVAILABLE'],
    ['fails', 'return 5', 'TOKEN_FAILED'],
  ])('that %s fails, and is good again with the token', async (_, fault, code) => {
    const pool = await bench.open();
    const prove = canaryOf(pool);
    expect(await prove()).toBe('ok');
    bench.shim.plan({ call: 'C_Sign', fault, times: 'always' });
    expect(await prove()).toBe(code);
    bench.shim.plan();
    await bench.sign(pool); // the worker that failed has been replaced by then
    expect(await prove()).toBe('ok');
  });

  it('that hangs fails, and costs a signature that waits behind it one worker at most', async () => {
    const pool = await bench.open({ signTimeoutMs: 20_000 });
    const prove = canaryOf(pool);
    expect(await prove()).toBe('ok');
    bench.shim.plan({ call: 'C_Sign', fault: 'hang' });
    const proving = prove();
    const signing = bench.sign(pool);
    expect(await proving).toBe('WORKER_UNAVAILABLE');
    await signing;
    expect(pool.status().workers).toMatchObject([{ restarts: 1 }]);
    expect(await prove()).toBe('ok');
  });
});
