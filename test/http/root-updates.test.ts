import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CountersignError } from '../../src/errors.js';
import type { RootSubmission, SigningService } from '../../src/signing/index.js';
import { openHttpWorld, type HttpWorld } from '../support/http-world.js';

const PATH = '/v1/factories/acme/root-updates';

let world: HttpWorld;
let taken: RootSubmission[];
/** What the use case answers instead. */
let refused: CountersignError | null;
let bearer: string;

/** What comes through the routes; the life of a root update has its own tests. */
beforeEach(async () => {
  taken = [];
  refused = null;
  const request = { id: 'req_00000000000000000000000001' };
  world = await openHttpWorld({
    wrap: (signing) => ({
      ...signing,
      submitRootUpdate: (submission) => {
        taken.push(submission);
        if (refused !== null) return Promise.reject(refused);
        return Promise.resolve({ request, created: true }) as unknown as ReturnType<SigningService['submitRootUpdate']>;
      },
      addExternals: () =>
        Promise.reject(new CountersignError('SIGN_KEY_NOT_IN_ROLE', 'no', { pointer: '/signatures/0/keyid' })),
    }),
  });
  bearer = await world.token();
});
afterEach(() => world.close());

describe('a root update over HTTP', () => {
  it('is taken as intentions', async () => {
    const intentions = [{ op: 'rotate-key', role: 'targets', keytype: 'RSA' }];
    const body = {
      reason: 'yearly',
      intentions,
      adopt: [{ tag: 'production', wave: null }],
      without: ['a'.repeat(64)],
      supersedes: [{ statement: 'a'.repeat(64), documents: ['b'.repeat(64)] }],
      transaction: { txid: 'T' },
    };
    const answer = await world.call(PATH, { bearer, body, headers: { 'Idempotency-Key': 'k1' } });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe('/v1/requests/req_00000000000000000000000001');
    expect(taken).toEqual([{ factory: 'acme', ...body, idempotencyKey: 'k1' }]);
    expect(answer.text).not.toContain('txid');
  });

  it('is taken as the roots themselves, whose bytes are judged strictly', async () => {
    const body = '{"reason":"r","dryRun":true,"production":{"b":1,"a":2},"ci":{"signed":{"x":1}}}';
    expect((await world.call(PATH, { bearer, body })).status).toBe(200);
    const [submission] = taken;
    expect(submission).toMatchObject({ factory: 'acme', reason: 'r', dryRun: true });
    expect(submission !== undefined && 'ci' in submission && submission.production.toString()).toBe('{"a":2,"b":1}');
    const twice = await world.call(PATH, { bearer, body: '{"reason":"r","ci":{"a":1,"a":2},"production":{}}' });
    expect([twice.status, twice.json]).toMatchObject([400, { code: 'JSON_DUPLICATE_KEY', pointer: '/ci/a' }]);
  });

  it.each([
    [{ reason: 'r' }, '/intentions'],
    [{ reason: 'r', intentions: [] }, '/intentions'],
    [{ reason: 'r', intentions: [{ op: 'steal' }] }, '/intentions/0/op'],
    [{ reason: 'r', intentions: [{ op: 'resign' }], ci: {} }, '/ci'],
    [{ reason: 'r', ci: {}, production: {}, intentions: [] }, '/intentions'],
  ])('is refused where its form is wrong: %j', async (body, pointer) => {
    const answer = await world.call(PATH, { bearer, body });
    expect([answer.status, answer.json]).toMatchObject([400, { code: 'INPUT_INVALID', pointer }]);
    expect(taken).toEqual([]);
  });

  it.each([
    ['ROOT_VERSION_INVALID', '/signed/version', '/ci/version'],
    ['ROOT_CI_THRESHOLD', '/signed/roles/targets/threshold', '/ci/roles/targets/threshold'],
    ['ROOT_PRODUCTION_THRESHOLD', '/signed/roles/targets/threshold', '/production/signed/roles/targets/threshold'],
    ['ROOT_THRESHOLD_UNREACHABLE', '/signed/roles/targets/threshold', '/production/signed/roles/targets/threshold'],
    ['ROOT_THRESHOLD_UNREACHABLE', '/signed/roles/root/threshold', '/ci/roles/root/threshold'],
    ['ROOTS_DIFFER', '/signed/expires', '/production/signed/expires'],
    ['METADATA_INVALID', '/production/signed/keys', '/production/signed/keys'],
    ['METADATA_INVALID', '/ci/signed/keys', '/ci/keys'],
    ['STATEMENT_DOCUMENT_MISMATCH', '/documents/0', undefined],
  ] as const)('as roots is refused where they are wrong: %s at %s is at %s', async (code, pointer, place) => {
    refused = new CountersignError(code, 'no', { pointer });
    const { json } = await world.call(PATH, { bearer, body: { reason: 'r', ci: {}, production: { signed: {} } } });
    expect({ pointer: undefined, ...(json as object) }).toMatchObject({ code, pointer: place });
  });

  it('as intentions is refused without a place in roots that nobody sent', async () => {
    refused = new CountersignError('ROOT_THRESHOLD_UNREACHABLE', 'no', { pointer: '/signed/roles/root/threshold' });
    const body = { reason: 'r', intentions: [{ op: 'resign' }] };
    expect((await world.call(PATH, { bearer, body })).json).not.toHaveProperty('pointer');
    refused = new CountersignError('INPUT_INVALID', 'no', { pointer: '/intentions' });
    expect((await world.call(PATH, { bearer, body })).json).toMatchObject({ pointer: '/intentions' });
  });

  it('needs a sign-in, to ask and to look', async () => {
    const body = { reason: 'r', intentions: [{ op: 'resign' }] };
    expect((await world.call(PATH, { body })).status).toBe(401);
    expect((await world.call(PATH)).status).toBe(401);
    expect((await world.call('/v1/factories/acme/roots')).status).toBe(401);
  });

  it('is answered with both verified chains where the roots are asked for', async () => {
    expect(await world.client(bearer).roots('acme')).toMatchObject({
      factory: 'acme',
      ci: [{ version: 1 }, { version: 2 }, { version: 3 }],
      production: [{ version: 1 }, { version: 2 }, { version: 3 }],
    });
  });

  it('takes signatures from outside in their form only', async () => {
    const path = '/v1/requests/req_00000000000000000000000001/external-signatures';
    const signature = { document: 0, keyid: 'k', method: 'ed25519', sig: 'c2ln' };
    const wrong = await world.call(path, { bearer, body: { signatures: [{ ...signature, document: 2 }] } });
    expect([wrong.status, wrong.json]).toMatchObject([400, { pointer: '/signatures/0/document' }]);
    const refused = await world.call(path, { bearer, body: { signatures: [signature] } });
    expect([refused.status, refused.json]).toMatchObject([422, { code: 'SIGN_KEY_NOT_IN_ROLE' }]);
  });
});
