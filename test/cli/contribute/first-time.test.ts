import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askFirstTime } from '../../../src/cli/contribute/first-time.js';
import { CountersignError } from '../../../src/errors.js';
import { keyFromSpkiDer } from '../../../src/tuf/index.js';
import { rejectionOf } from '../../support/reject-code.js';

type Port = Parameters<typeof askFirstTime>[0];
type Api = Parameters<typeof askFirstTime>[1];

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const key = keyFromSpkiDer(publicKey.export({ type: 'spki', format: 'der' }));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'first-time-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The Factory and the service as this call uses them, and what they were asked. */
function world(change: { firstRoot?: null; refuse?: boolean } = {}) {
  const calls: { readonly to: 'factory' | 'service'; readonly call: string; readonly sent: unknown }[] = [];
  const port: Port = {
    name: 'acme',
    beginRootUpdate: (sent) => {
      calls.push({ to: 'factory', call: 'begin', sent });
      const firstRoot = change.firstRoot === null ? null : { keytype: 'RSA', private: pem, public: key };
      return Promise.resolve({ txid: 'APXSDBJU', firstRoot });
    },
    cancelRootUpdate: () => {
      calls.push({ to: 'factory', call: 'cancel', sent: null });
      return Promise.resolve();
    },
  };
  const api: Api = {
    submitRootUpdate: (factory, body) => {
      calls.push({ to: 'service', call: 'submit', sent: { factory, body } });
      if (change.refuse === true) return Promise.reject(new CountersignError('REQUEST_OPEN_EXISTS', 'one is open'));
      return Promise.resolve({ request: { id: 'req_0' }, created: true });
    },
  };
  return { calls, port, api, ask: (saveTo?: string) => askFirstTime(port, api, { reason: 'ours now', saveTo }) };
}

describe('the first step of a new Factory', () => {
  test('hands the transaction to the service, and the private key to nobody', async () => {
    const { calls, ask } = world();
    const { key: offline, request } = await ask();
    expect(calls).toEqual([
      { to: 'factory', call: 'begin', sent: { message: 'Take ownership of root', firstTime: true } },
      {
        to: 'service',
        call: 'submit',
        sent: {
          factory: 'acme',
          body: {
            reason: 'ours now',
            intentions: [{ op: 'take-ownership', role: 'root' }],
            transaction: { txid: 'APXSDBJU' },
          },
        },
      },
    ]);
    expect(offline.key).toEqual(key);
    expect(JSON.stringify([calls, offline, request])).not.toContain('PRIVATE');
  });

  test('takes the transaction back when the service does not take it', async () => {
    const { calls, ask } = world({ refuse: true });
    expect(await rejectionOf(ask())).toMatch(/^REQUEST_OPEN_EXISTS/);
    expect(calls.at(-1)).toMatchObject({ to: 'factory', call: 'cancel' });
  });

  test('takes it back when the Factory hands out no key, and asks nobody', async () => {
    const { calls, ask } = world({ firstRoot: null });
    expect(await rejectionOf(ask())).toMatch(/^FACTORY_ANSWER_INVALID/);
    expect(calls.map(({ call }) => call)).toEqual(['begin', 'cancel']);
  });

  test('keeps the key only if asked to, readable by its owner alone', async () => {
    const file = join(folder, 'first_root.sec');
    await world().ask();
    expect(existsSync(file)).toBe(false);
    await world().ask(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ keytype: 'RSA', keyval: { private: pem } });
  });

  test('writes the key over no file that is there, and goes no further', async () => {
    const file = join(folder, 'precious');
    writeFileSync(file, 'precious');
    const { calls, ask } = world();
    expect(await rejectionOf(ask(file))).toMatch(/^USAGE/);
    expect(readFileSync(file, 'utf8')).toBe('precious');
    expect(calls.map(({ call }) => call)).toEqual(['begin', 'cancel']);
  });
});
