import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CountersignError } from '../../src/errors.js';
import { parseStatement, verifyDossier } from '../../src/dossier/index.js';
import { encodeCanonical, sha256Hex } from '../../src/tuf/index.js';
import { metadataText, signTargets } from '../support/factory-fixture.js';
import { tufKey } from '../support/tuf-key.js';
import { unavailable } from './memory-factory.js';
import { ci, createWorld, person, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.end());

async function stored(): Promise<number> {
  return (await world.service.list({ limit: 100 })).items.length;
}

/** The targets metadata that the intention of `world.ask` makes, with another expiry. */
function documentOf(expires: string): Buffer {
  const { document } = world.fixture.wave({ expires });
  return encodeCanonical({ signatures: [], signed: JSON.parse(document.toString()) as unknown });
}

describe('an intention', () => {
  test('becomes an open request whose dossier verifies with the pins alone', async () => {
    const { request, created } = await world.ask();
    expect(created).toBe(true);
    expect(request).toMatchObject({
      state: 'open',
      progress: 'waiting-for-approvals',
      wave: { name: 'w42', tag: 'production', version: 42 },
      requester: { name: 'ci-main', kind: 'ci', via: 'ci' },
      created: '2026-11-22T16:00:00Z',
      expires: '2026-11-25T16:00:00Z',
      quorum: { needed: 2, persons: [], missing: 2 },
      documents: [{ version: 42, expires: '2027-11-22T16:00:00Z' }],
    });
    const verified = await verifyDossier(world.service.dossier(request.id), world.fixture.pins, world.clock.now());
    expect(verified.statementSha256).toBe(request.statementSha256);
    expect(sha256Hex(await world.service.statement(request.id))).toBe(request.statementSha256);
    expect(verified.statement.documents[0].sign).toEqual(world.fixture.offlineKeyids);
    expect(await world.events(request.id)).toEqual(['asked', 'opened']);
  });

  test('asked again, with a later default expiry, answers the same request', async () => {
    const first = await world.ask();
    world.clock.advance(60_000);
    const second = await world.ask({ reason: 'once more' }, person('alice'));
    expect(second).toMatchObject({ created: false, request: { id: first.request.id, reason: 'a fix' } });
    expect(await stored()).toBe(1);
  });

  test('asked again with another expiry that was said is another one', async () => {
    const { request } = await world.ask();
    await expect(world.ask({ expires: '2027-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'REQUEST_OPEN_EXISTS',
      details: { request: request.id },
    });
  });

  test('for a tag that another Wave holds is refused and names that one', async () => {
    const { request } = await world.ask();
    await expect(world.ask({ name: 'w43', version: 43 })).rejects.toMatchObject({
      code: 'REQUEST_OPEN_EXISTS',
      details: { request: request.id, wave: 'w42' },
    });
  });

  test('for other tags is independent', async () => {
    await world.ask();
    expect((await world.ask({ name: 'c42', tag: 'canary' })).created).toBe(true);
  });

  test('is still the same when its request is delivered and the Wave complete', async () => {
    const id = await world.approved();
    await world.service.reconcile();
    await world.factory.completeWave('w42');
    expect(await world.ask()).toMatchObject({ created: false, request: { id, state: 'delivered' } });
  });

  test('lives no longer than the policy allows by default', async () => {
    await world.end();
    world = await createWorld({ maxExpiresDays: 30 });
    const { request } = await world.ask();
    expect(request.documents).toMatchObject([{ expires: '2026-12-22T16:00:00Z' }]);
  });
});

describe('a submitted document', () => {
  const submit = (targets: Buffer, more: { name?: string } = {}) =>
    world.service.submitWave(
      { factory: 'acme', name: 'w42', tag: 'production', reason: 'by fioctl', targets, ...more },
      ci,
    );

  test('becomes the same kind of request, with its very bytes', async () => {
    const { request, created } = await submit(documentOf('2027-11-22T16:00:00Z'));
    expect(created).toBe(true);
    const { changes } = parseStatement(await world.service.statement(request.id));
    expect(changes.map(({ op }) => op)).toEqual(['add-version', 'set-expires']);
    expect(request.documents[0]?.sha256).toBe(
      world.fixture.wave({ expires: '2027-11-22T16:00:00Z' }).statement.documents[0].sha256,
    );
  });

  test('with another expiry, as a tool run again makes it, answers the same request', async () => {
    const { request } = await submit(documentOf('2027-11-22T16:00:00Z'));
    expect(await submit(documentOf('2027-11-22T16:00:09Z'))).toMatchObject({
      created: false,
      request: { id: request.id },
    });
  });

  test('that repeats an intention answers its request', async () => {
    const { request } = await world.ask();
    expect(await submit(documentOf('2027-10-01T00:00:00Z'))).toMatchObject({
      created: false,
      request: { id: request.id },
    });
  });

  test('that does what no change can say is refused, and nothing stored', async () => {
    const document = JSON.parse(documentOf('2027-11-22T16:00:00Z').toString()) as { signed: Record<string, unknown> };
    document.signed['extra'] = 1;
    await expect(submit(Buffer.from(JSON.stringify(document)))).rejects.toMatchObject({
      code: 'WAVE_CHANGE_INEXPRESSIBLE',
      pointer: '/signed/extra',
    });
    expect(await stored()).toBe(0);
  });

  test.each([
    ['no JSON', 'nonsense', 'JSON_INVALID'],
    ['a list', '[]', 'METADATA_INVALID'],
    ['metadata with more members', '{"signatures":[],"signed":{},"x":1}', 'METADATA_INVALID'],
  ])('that is %s is refused', async (_what, text, code) => {
    await expect(submit(Buffer.from(text))).rejects.toMatchObject({ code });
  });
});

describe('a dry run', () => {
  test('checks everything, shows the changes and stores nothing', async () => {
    const { request, created, preview } = await world.ask({ dryRun: true });
    expect(created).toBe(false);
    expect(request).toMatchObject({ state: 'preparing', wave: { name: 'w42' } });
    expect(preview?.text).toContain('intel-corei7-64-lmp-42');
    expect(preview?.summary.version).toBe(42);
    expect(await stored()).toBe(0);
    await expect(world.ask({ dryRun: true, version: 99 })).rejects.toMatchObject({ code: 'WAVE_VERSION_UNKNOWN' });
  });
});

describe('an Idempotency-Key', () => {
  test('answers what it answered before, whatever became of it', async () => {
    const { request } = await world.ask({ idempotencyKey: 'k1' });
    await world.service.cancel(request.id, ci);
    expect(await world.ask({ idempotencyKey: 'k1' })).toMatchObject({
      created: false,
      request: { id: request.id, state: 'closed' },
    });
    expect((await world.ask({ idempotencyKey: 'k2' })).created).toBe(true);
  });

  test('with another submission is a conflict', async () => {
    await world.ask({ idempotencyKey: 'k1' });
    await expect(world.ask({ idempotencyKey: 'k1', reason: 'another' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
  });

  test("is each caller's own", async () => {
    const { request } = await world.ask({ idempotencyKey: 'k1' });
    await world.service.cancel(request.id, ci);
    expect((await world.ask({ idempotencyKey: 'k1', reason: 'mine' }, person('alice'))).created).toBe(true);
  });
});

describe('what the signer would refuse is refused at once, with that code, and not stored', () => {
  afterEach(async () => {
    expect(await stored()).toBe(0);
  });

  test.each([
    [{ version: 40 }, 'WAVE_VERSION_NOT_HIGHER'],
    [{ version: 46 }, 'WAVE_VERSION_UNKNOWN'],
    [{ prune: [7] }, 'WAVE_PRUNE_UNKNOWN'],
    [{ sourceTag: 'nobody' }, 'WAVE_NO_TARGETS'],
    [{ expires: '2029-01-01T00:00:00Z' }, 'EXPIRES_BEYOND_POLICY'],
    [{ expires: '2026-11-22T15:00:00Z' }, 'WAVE_EXPIRES_INVALID'],
    [{ name: '../w42' }, 'INPUT_INVALID'],
    [{ tag: 'a/b' }, 'INPUT_INVALID'],
    [{ reason: '' }, 'INPUT_INVALID'],
    [{ reason: 'two\u0000lines' }, 'CANONICAL_UNSAFE'],
    [{ factory: 'other' }, 'FACTORY_NOT_IN_POLICY'],
  ])('%j: %s', async (more, code) => {
    await expect(world.ask(more)).rejects.toMatchObject({ code });
  });

  test('CI targets that the online key did not sign', async () => {
    world.factory.ciTargetsText = metadataText(signTargets(world.fixture.ciTargets.signed, [tufKey()]));
    await expect(world.ask()).rejects.toMatchObject({ code: 'THRESHOLD_NOT_MET' });
  });

  test('a root chain that begins elsewhere than the pin', async () => {
    world.factory.roots.production = world.factory.roots.production.slice(1);
    await expect(world.ask()).rejects.toMatchObject({ code: 'ROOT_NOT_TRUSTED' });
  });

  test('rubbish from the Factory', async () => {
    world.factory.ciTargetsText = '<html>';
    await expect(world.ask()).rejects.toMatchObject({ code: 'FACTORY_ANSWER_INVALID' });
  });

  test('a Factory that does not answer', async () => {
    world.factory.fail('productionTargets', { when: 'before', error: unavailable() });
    await expect(world.ask()).rejects.toMatchObject({ code: 'FACTORY_UNAVAILABLE' });
  });

  test('a signer that does not answer', async () => {
    world.signer.fail('keys', new CountersignError('SIGNER_UNAVAILABLE', 'no socket'));
    await expect(world.ask()).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
  });

  test('a signer without the offline key of the root', async () => {
    world.signer.holdsKeys = false;
    await expect(world.ask()).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  });

  test('a caller who may only read', async () => {
    await expect(world.ask({}, { ...ci, scopes: ['read'] })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

test('a Wave name that the Factory knows already, in whatever state, is refused', async () => {
  await world.approved();
  await world.service.reconcile();
  await world.factory.cancelWave('w42');
  await expect(world.ask({ version: 43 })).rejects.toMatchObject({ code: 'DELIVERY_CONFLICT', pointer: '/name' });
});

describe('what was signed before and never published', () => {
  /** Signed, and given up by an officer before it could be delivered. */
  async function givenUp(name: string, version: number): Promise<string> {
    const id = await world.approved({ name, version });
    world.factory.fail('createWave', { when: 'before', error: unavailable() });
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'signed' });
    await world.service.cancel(id, person('carol'));
    world.clock.advance(60_000);
    return id;
  }

  async function statementOf(id: string) {
    return parseStatement(await world.service.statement(id));
  }

  test('is named as superseded by other bytes at the same version, which the signer then signs', async () => {
    const first = await givenUp('w42', 42);
    const old = await statementOf(first);
    const id = await world.approved({ name: 'w42b' });
    expect((await statementOf(id)).supersedes).toEqual({
      statement: (await world.service.get(first)).statementSha256,
      documents: [old.documents[0].sha256],
    });
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
  });

  test('is named with all others, so that a lower version can still be signed', async () => {
    const documents: string[] = [];
    for (const [name, version] of [
      ['w42', 42],
      ['w43', 43],
    ] as const) {
      documents.push((await statementOf(await givenUp(name, version))).documents[0].sha256);
    }
    const id = await world.approved({ name: 'w42b' });
    expect((await statementOf(id)).supersedes?.documents).toEqual([...documents].sort());
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
  });

  test('does not concern a higher version', async () => {
    await givenUp('w42', 42);
    const { request } = await world.ask({ name: 'w43', version: 43 });
    expect((await statementOf(request.id)).supersedes).toBeNull();
  });

  test('is named as unknown where this service has no request of it', async () => {
    const known = await statementOf(await givenUp('w42', 42));
    const [statement, sha256] = ['a'.repeat(64), 'b'.repeat(64)];
    const level = { version: 44, sha256 };
    world.signer.issued.set(statement, { level, tag: 'production', signatures: [] });
    const id = await world.approved({ name: 'w42b' });
    const documents = [known.documents[0].sha256, sha256].sort();
    expect((await statementOf(id)).supersedes).toEqual({ statement, documents, unknown: [sha256] });
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
  });
});
