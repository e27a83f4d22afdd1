import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CKR_TABLE, type CkrEntry } from '../../../src/signer/pkcs11/ckr.js';
import type { TokenPool } from '../../../src/signer/token-types.js';
import { rejectionOf } from '../../support/reject-code.js';
import { type FaultBench, makeFaultBench } from './fault-bench.js';

/** Every entry in every place takes minutes of starting processes; without it one entry of each kind stands for all. */
const ALL = process.env['COUNTERSIGN_ALL_FAULTS'] !== undefined;

type Case = readonly [code: number, entry: CkrEntry];

const VENDOR: CkrEntry = { name: 'CKR_0x80000001', action: 'fresh-process', errorCode: 'TOKEN_FAILED' };
const table: readonly Case[] = [...CKR_TABLE, [0x80000001, VENDOR]];

/** One for each action. */
const kinds = [...new Map(table.map((entry) => [entry[1].action, entry])).values()];

const named = (cases: readonly Case[]): [string, number, CkrEntry][] =>
  cases.map(([code, entry]) => [entry.name, code, entry]);
const stops = ({ action }: CkrEntry): boolean => action === 'stop-pin' || action === 'stop-locked';
const isSurvived = (entry: CkrEntry): boolean => !stops(entry) && entry.action !== 'fatal';

let bench: FaultBench;
let pool: TokenPool | null = null;
beforeAll(async () => {
  bench = await makeFaultBench();
});
afterEach(() => bench.shim.plan());
afterAll(async () => bench.remove());

/** The pool of the tests before, as long as it can still sign. */
async function signingPool(): Promise<TokenPool> {
  if (pool?.status().state === 'ready' || pool?.status().state === 'unavailable') return pool;
  await bench.reset();
  pool = await bench.open();
  return pool;
}

describe('a result of C_Sign that came once', () => {
  it.each(named(table.filter(([, entry]) => isSurvived(entry))))('%s is survived', async (_, code) => {
    const signing = await signingPool();
    bench.shim.plan({ call: 'C_Sign', fault: `return ${code}` });
    const before = bench.shim.calls('C_Sign');
    await bench.sign(signing);
    expect(bench.shim.calls('C_Sign') - before).toBe(2);
  });

  it.each(named(table.filter(([, entry]) => entry.action === 'fatal')))(
    '%s refuses that job alone, by its name, and the worker goes on',
    async (name, code, entry) => {
      const signing = await signingPool();
      bench.shim.plan({ call: 'C_Sign', fault: `return ${code}` });
      const before = bench.shim.calls('C_Sign');
      const starts = bench.shim.calls('C_Initialize');
      await expect(bench.sign(signing)).rejects.toMatchObject({ code: entry.errorCode, details: { ckr: name } });
      expect(bench.shim.calls('C_Sign') - before).toBe(1);
      await bench.sign(signing);
      expect(bench.shim.calls('C_Initialize')).toBe(starts);
    },
  );

  it.each(named(table.filter(([, entry]) => stops(entry))))('%s stops the token', async (_, code, entry) => {
    const signing = await signingPool();
    bench.shim.plan({ call: 'C_Sign', fault: `return ${code}` });
    expect(await rejectionOf(bench.sign(signing))).toBe(`${entry.errorCode} (no pointer)`);
    expect(signing.status()).toMatchObject({ state: 'stopped', error: { code: entry.errorCode } });
    expect(await rejectionOf(bench.sign(signing))).toBe(`${entry.errorCode} (no pointer)`);
  });
});

describe('a result of C_Sign that comes each time', () => {
  const cases = (ALL ? table : kinds).filter(([, entry]) => isSurvived(entry));
  it.each(named(cases))('%s is refused by its name', async (_, code, entry) => {
    const signing = await signingPool();
    bench.shim.plan({ call: 'C_Sign', fault: `return ${code}`, times: 'always' });
    expect(await rejectionOf(bench.sign(signing))).toBe(`${entry.errorCode} (no pointer)`);
  });
});

describe('a result of C_Login', () => {
  it.each(named(ALL ? table : kinds))('%s, once, is survived or refused by its name', async (_, code, entry) => {
    await bench.reset();
    pool = null;
    bench.shim.plan({ call: 'C_Login', fault: `return ${code}` });
    const before = bench.shim.calls('C_Login');
    const opened = await bench.open();
    const outcome = await rejectionOf(bench.sign(opened));
    if (isSurvived(entry)) {
      expect(outcome).toBe('RESOLVED');
    } else {
      expect(outcome).toBe(`${entry.errorCode} (no pointer)`);
      if (stops(entry)) {
        expect(bench.shim.calls('C_Login') - before).toBe(1);
        return;
      }
      // no job waits for what people have to mend; but that it was mended is noticed
      await bench.logger.line('worker started');
      await bench.sign(opened);
    }
    expect(bench.shim.calls('C_Login') - before).toBe(2);
  });
});

describe('a result of any other call on the way to a signature, once', () => {
  it('costs a start of the worker and nothing else', async () => {
    await bench.reset();
    pool = null;
    const calls = [
      ['C_Initialize', 0x05],
      ['C_GetSlotList', 0x30],
      ['C_GetTokenInfo', 0xe1],
      ['C_OpenSession', 0xb1],
      ['C_GetSessionInfo', 0xb3],
      ['C_FindObjectsInit', 0x90],
      ['C_FindObjects', 0x32],
      ['C_GetAttributeValue', 0x82],
    ] as const;
    bench.shim.plan(...calls.map(([call, code]) => ({ call, fault: `return ${code}` as const })));
    const before = bench.shim.calls('C_Initialize');
    await bench.sign(await bench.open());
    // each start fails at the next of them
    expect(bench.shim.calls('C_Initialize') - before).toBe(calls.length + 1);
  });

  it('C_SignInit that did its work and says it failed: the session with the stuck operation is left behind', async () => {
    const signing = await signingPool();
    bench.shim.plan({ call: 'C_SignInit', fault: `answer 6` });
    const sessions = bench.shim.calls('C_OpenSession');
    const logins = bench.shim.calls('C_Login');
    await bench.sign(signing);
    expect(bench.shim.calls('C_OpenSession') - sessions).toBe(1);
    expect(bench.shim.calls('C_Login')).toBe(logins);
  });
});
