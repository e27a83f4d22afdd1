import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFoundriesClient } from '../../src/foundries/index.js';
import { parseRoot } from '../../src/tuf/index.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

describe('the calls of a root update', () => {
  let sandbox: TestSandbox;
  beforeEach(async () => {
    sandbox = await startTestSandbox({ owned: false });
  });
  afterEach(() => sandbox.close());

  test('go through a transaction: begun, looked at, new online keys, put, taken back', async () => {
    const client = sandbox.client('alice');
    expect(await client.rootUpdate()).toMatchObject({ status: 'NONE', updated: null });
    const { txid, firstRoot } = await client.beginRootUpdate({ message: 'Ours', firstTime: true });
    expect(firstRoot?.private).toContain('PRIVATE KEY');
    const begun = await client.rootUpdate();
    expect(begun.status).toBe('STARTED');
    const staged = parseRoot(begun.updated?.ci ?? Buffer.alloc(0)).signed;
    expect(staged).toMatchObject({ version: 3, 'x-changelog': { message: 'Ours' } });
    await client.generateOnlineKeys({ txid, keytype: 'ED25519', roles: ['snapshot'] });
    const { updated } = await client.rootUpdate();
    expect(updated?.onlineKeys.snapshot).not.toBe(begun.updated?.onlineKeys.snapshot);
    const ci = updated?.ci ?? Buffer.alloc(0);
    await client.putRootUpdate({
      txid,
      ci,
      production: updated?.production ?? ci,
      targetsSignatures: {},
      wavesSignatures: {},
    });
    await expect(client.applyRootUpdate(txid)).rejects.toMatchObject({ code: 'FACTORY_REFUSED' });
    await client.cancelRootUpdate();
    expect((await client.rootUpdate()).status).toBe('NONE');
    expect([...(await client.allProductionTargets()), ...(await client.allWaveTargets())]).toEqual([]);
  });
});

describe('the secret of a transaction', () => {
  const TXID = 'APXSDBJU';
  const calls: { method: string; url: string }[] = [];
  const roots = { ci: Buffer.from('{}'), production: Buffer.from('{}'), targetsSignatures: {}, wavesSignatures: {} };

  function clientOf(answer: () => Response) {
    calls.length = 0;
    return createFoundriesClient({
      factory: 'acme',
      url: 'https://api.example',
      token: () => 'token',
      userAgent: 'test',
      timeoutMs: 1000,
      fetch: (input, init) => {
        calls.push({ method: init?.method ?? 'GET', url: input instanceof Request ? input.url : input.toString() });
        return Promise.resolve().then(answer);
      },
    });
  }

  const secretCalls = {
    put: (client: ReturnType<typeof clientOf>) => client.putRootUpdate({ txid: TXID, ...roots }),
    apply: (client: ReturnType<typeof clientOf>) => client.applyRootUpdate(TXID),
    generate: (client: ReturnType<typeof clientOf>) =>
      client.generateOnlineKeys({ txid: TXID, keytype: 'RSA', roles: ['targets'] }),
  };

  test.each(Object.entries(secretCalls))('%s: is in no error, though the Factory quotes it', async (_name, call) => {
    const client = clientOf(
      () => new Response(JSON.stringify({ message: `no ${TXID}`, errors: [`${TXID}!`] }), { status: 422 }),
    );
    const error = await call(client).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'FACTORY_REFUSED',
      message: expect.stringContaining('no [redacted]') as unknown,
    });
    expect(JSON.stringify([error, String(error)])).not.toContain(TXID);
    expect(calls.every(({ url }) => !url.includes(TXID))).toBe(true);
  });

  test.each(Object.entries(secretCalls))('%s: an answer that got lost is not asked for again', async (_name, call) => {
    const client = clientOf(() => {
      throw new TypeError('the connection was cut');
    });
    await expect(call(client)).rejects.toMatchObject({ code: 'FACTORY_UNAVAILABLE' });
    expect(calls).toHaveLength(1);
  });

  test('an answer that makes no sense is not quoted', async () => {
    const client = clientOf(() => new Response(JSON.stringify({ txid: [TXID] }), { status: 201 }));
    const error = await client.beginRootUpdate({ message: 'x' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'FACTORY_ANSWER_INVALID' });
    expect(JSON.stringify([error, String(error)])).not.toContain(TXID);
  });
});
