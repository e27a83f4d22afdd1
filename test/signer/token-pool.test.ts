import { cpSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKey } from '../../src/signer/keys/index.js';
import { openTokenPool } from '../../src/signer/token-pool.js';
import type { TokenConfig, TokenKey, TokenPool } from '../../src/signer/token-types.js';
import { verifySignature } from '../../src/tuf/index.js';
import { makeSoftHsm, type SoftHsm } from '../support/softhsm.js';

let hsm: SoftHsm;
let token: ReturnType<SoftHsm['makeToken']>;
let ed25519: TokenKey;
let rsa3072: TokenKey;
let rsa4096: TokenKey;
const pools: TokenPool[] = [];

beforeAll(async () => {
  hsm = makeSoftHsm();
  token = hsm.makeToken('release');
  const make = async (role: 'root' | 'targets', type: 'ed25519' | 'rsa3072' | 'rsa4096'): Promise<TokenKey> =>
    generateKey(token, { factory: 'acme', role, type, force: true }, hsm.options);
  ed25519 = await make('targets', 'ed25519');
  rsa3072 = await make('targets', 'rsa3072');
  rsa4096 = await make('root', 'rsa4096');
}, 240_000);
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});
afterAll(() => hsm.remove());

async function open(change: Partial<TokenConfig> = {}): Promise<TokenPool> {
  const pool = await openTokenPool({ ...token, ...change }, hsm.options);
  pools.push(pool);
  return pool;
}

const pids = (pool: TokenPool): number[] => pool.status().workers.flatMap(({ pid }) => pid ?? []);
const message = (n: number): Buffer => Buffer.from(`{"message":${n}}`);

async function signAndVerify(pool: TokenPool, key: TokenKey, payload: Buffer): Promise<string> {
  const { signature } = await pool.sign({ keyid: key.keyid, payload });
  expect(signature.keyid).toBe(key.keyid);
  verifySignature(key.key, signature, payload);
  return signature.sig;
}

describe('signing in a token', () => {
  it('makes signatures that verify, with every type of key', async () => {
    const pool = await open();
    for (const key of [ed25519, rsa3072, rsa4096]) {
      await signAndVerify(pool, key, message(1));
      await signAndVerify(pool, key, message(2));
    }
  });

  it('signs documents of many megabytes', async () => {
    const pool = await open({ workers: 1 });
    const large = Buffer.alloc(12_000_000, 'x');
    await signAndVerify(pool, ed25519, large);
    await signAndVerify(pool, rsa3072, large);
  });

  it('signs several in their order, also more than are on their way to a worker at once', async () => {
    const pool = await open({ workers: 1 });
    const payloads = Array.from({ length: 7 }, (_, n) => Buffer.alloc(60_000 + n, String(n)));
    const signAllAndVerify = async (): Promise<void> => {
      const { signatures } = await pool.signAll(ed25519.keyid, payloads, () => Promise.resolve());
      for (const [n, payload] of payloads.entries()) {
        const signature = signatures[n];
        if (signature === undefined) throw new Error(`no signature ${n}`);
        verifySignature(ed25519.key, signature, payload);
      }
    };
    await signAllAndVerify();
    const [worker] = pids(pool);
    await expect(pool.signAll('f'.repeat(64), payloads, () => Promise.resolve())).rejects.toMatchObject({
      code: 'KEY_NOT_FOUND',
    });
    await signAllAndVerify(); // nothing of what was refused is in the way
    expect(pids(pool)).toEqual([worker]);
  });

  it('lists the keys as the token has them', async () => {
    const keys = await (await open()).keys();
    const sorted = (list: TokenKey[]): TokenKey[] => [...list].sort((a, b) => a.keyid.localeCompare(b.keyid));
    expect(sorted(keys)).toEqual(sorted([ed25519, rsa3072, rsa4096]));
  });

  it('finds a key that was made after the workers had started', async () => {
    const pool = await open();
    const late = await generateKey(token, { factory: 'acme', role: 'root', type: 'ed25519', force: true }, hsm.options);
    await signAndVerify(pool, late, message(1));
  });

  it('knows no key that is not there', async () => {
    const pool = await open();
    const unknown = 'f'.repeat(64);
    await expect(pool.sign({ keyid: unknown, payload: message(1) })).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  });
});

describe('a worker that is killed in the middle', () => {
  it('loses and doubles none of 200 signatures', async () => {
    const pool = await open();
    let arrived = 0;
    const jobs = Array.from({ length: 200 }, async (_, n) => {
      const sig = await signAndVerify(pool, ed25519, message(n));
      arrived += 1;
      // every 40th answer costs a worker, each time the first one that is there
      if (arrived % 40 === 0) process.kill(pids(pool)[0] ?? 0, 'SIGKILL');
      return sig;
    });
    const sigs = await Promise.all(jobs);
    expect(arrived).toBe(200);
    expect(new Set(sigs).size).toBe(200);
    expect(pool.status().workers.reduce((sum, { restarts }) => sum + restarts, 0)).toBeGreaterThan(0);
  });
});

describe('a signal to the whole group, like Ctrl-C', () => {
  it('takes no worker away before the signer lets it go', async () => {
    const pool = await open({ workers: 1 });
    const before = pids(pool);
    for (const pid of before) for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(pid, signal);
    await signAndVerify(pool, ed25519, message(1));
    expect(pids(pool)).toEqual(before);
  });
});

describe('a worker that hangs', () => {
  it('is killed and its job done by another', async () => {
    const pool = await open({ workers: 1, signTimeoutMs: 1500 });
    const [hanging = 0] = pids(pool);
    process.kill(hanging, 'SIGSTOP');
    await signAndVerify(pool, rsa3072, message(1));
    expect(pids(pool)).not.toContain(hanging);
    expect(pool.status().workers[0]?.restarts).toBeGreaterThan(0);
  });
});

describe('a token that goes away', () => {
  it('is signed with again as soon as it is back, with what was asked for meanwhile', async () => {
    const pool = await open();
    const [name = ''] = readdirSync(hsm.tokensDir);
    const aside = join(hsm.dir, 'aside');
    renameSync(join(hsm.tokensDir, name), aside);
    const waiting = [0, 1, 2, 3].map((n) => signAndVerify(pool, rsa3072, message(n)));
    await hsm.logger.line('TOKEN_NOT_FOUND');
    renameSync(aside, join(hsm.tokensDir, name));
    await Promise.all(waiting);
    expect(pool.status().state).toBe('ready');
  });

  it('is TOKEN_UNAVAILABLE when the time of a job is up', async () => {
    const pool = await open({ workers: 1, unavailableAfterMs: 100 });
    const [name = ''] = readdirSync(hsm.tokensDir);
    const aside = join(hsm.dir, 'aside');
    renameSync(join(hsm.tokensDir, name), aside);
    try {
      await expect(pool.sign({ keyid: rsa3072.keyid, payload: message(1) })).rejects.toMatchObject({
        code: 'TOKEN_UNAVAILABLE',
      });
      expect(await pool.keys()).not.toEqual([]); // as they were last seen
    } finally {
      renameSync(aside, join(hsm.tokensDir, name));
    }
  });
});

describe('the choice of the token', () => {
  it('finds it by serial as well, and refuses a label with the wrong serial', async () => {
    const bySerial = await open({ label: undefined, workers: 1 });
    await signAndVerify(bySerial, ed25519, message(1));
    const wrong = await open({ serial: 'ffffffffffffffff', workers: 1 });
    expect(wrong.status()).toMatchObject({ state: 'unavailable', error: { code: 'TOKEN_NOT_FOUND' } });
  });

  it('refuses to guess between two tokens with one label', async () => {
    const other = makeSoftHsm();
    try {
      other.makeToken('release');
      cpSync(other.tokensDir, hsm.tokensDir, { recursive: true });
      const pool = await open({ serial: undefined, workers: 1 });
      await expect(pool.sign({ keyid: ed25519.keyid, payload: message(1) })).rejects.toMatchObject({
        code: 'TOKEN_AMBIGUOUS',
      });
      const named = await open({ workers: 1 });
      await signAndVerify(named, ed25519, message(1));
    } finally {
      other.remove();
    }
  });
});

describe('the PIN', () => {
  it('is in no argument, environment or log line', async () => {
    const pool = await open();
    await signAndVerify(pool, ed25519, message(1));
    const pin = readFileSync(token.pinFile, 'utf8').trim();
    for (const pid of pids(pool)) {
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(pin);
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(environment).not.toContain(pin);
      const names = environment.split('\0').flatMap((line) => line.split('=')[0] || []);
      expect(names.sort()).toEqual(['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'SOFTHSM2_CONF']);
    }
    expect(hsm.logger.lines.join('\n')).not.toContain(pin);
  });
});
