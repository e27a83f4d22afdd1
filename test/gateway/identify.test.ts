import { describe, expect, it } from '@jest/globals';
import { PassedOn } from '../../src/gateway/answer.js';
import { callerOf, identify } from '../../src/gateway/identify.js';
import type { RequestKey } from '../../src/signing/index.js';
import { tufKey } from '../support/tuf-key.js';

const { key, keyid } = tufKey();
const carols: RequestKey = {
  ...{ id: 'rk_1', set: 'rks_1', name: 'carol', kind: 'person', polisId: 'p-carol', factory: 'acme', role: 'targets' },
  ...{ key, keyid, created: '2026-11-22T16:00:00.000Z', revoked: null },
};
const keys = {
  activeRequestKeys: (factory: string, polisId: string) =>
    Promise.resolve(factory === 'acme' && polisId === 'p-carol' ? [carols] : []),
  requestKeys: () => Promise.resolve([carols]),
};

/** A Factory that says this of whoever calls. */
function whoIs(answer: string, asked: string[] = []) {
  const ask = (target: string) => {
    asked.push(target);
    return Promise.resolve(Buffer.from(answer));
  };
  return identify({ factory: { name: 'acme', url: 'http://unused' }, ask }, keys);
}

describe('who calls', () => {
  it('is for the Factory to say, each time', async () => {
    const asked: string[] = [];
    const identity = await whoIs('{"polis-id":"p-carol","name":"x"}', asked);
    expect(identity).toEqual({ factory: 'acme', polisId: 'p-carol', requestKeys: [carols] });
    await whoIs('{"polis-id":"p-carol"}', asked);
    expect(asked).toEqual(Array(2).fill('/ota/factories/acme/users/self/'));
  });

  it('may be somebody without request keys, who is shown what is there', async () => {
    expect((await whoIs('{"polis-id":"p-dave"}')).requestKeys).toEqual([]);
  });

  it.each(['', '[]', '{}', '{"polis-id":""}', '{"polis-id":7}', 'null'])(
    'is nobody where it answers %j',
    async (answer) => {
      await expect(whoIs(answer)).rejects.toMatchObject({ code: 'FACTORY_ANSWER_INVALID' });
    },
  );

  it('is nobody, in the Factory’s own words, where it refuses', async () => {
    const refusal = new PassedOn({ status: 401, body: Buffer.from('{"message":"expired"}') });
    const refused = identify(
      { factory: { name: 'acme', url: 'http://unused' }, ask: () => Promise.reject(refusal) },
      keys,
    );
    await expect(refused).rejects.toBe(refusal);
  });

  it('asks as whose request key has signed, and decides nothing', () => {
    const common = { name: 'carol', via: 'fioctl', scopes: ['read', 'request'], requestKey: 'rk_1' };
    expect(callerOf(carols)).toEqual({ ...common, kind: 'person', person: 'carol' });
    expect(callerOf({ ...carols, kind: 'ci' })).toEqual({ ...common, kind: 'ci', person: null });
  });
});
