import assert from 'node:assert/strict';
import fc from 'fast-check';
import { METRICS_MEDIA_TYPE } from '../../../src/telemetry/index.js';
import { DOSSIER_MEDIA_TYPE, errorWireSchema, JSON_MEDIA_TYPE, PATHS } from '../../../src/signer/protocol.js';
import { serializeMetadata, type JsonValue } from '../../../src/tuf/index.js';
import { openAttackWorld, type AttackWorld } from '../../support/attack-world.js';
import { tufKey } from '../../support/tuf-key.js';
import { corpusOf } from '../corpus.js';
import { answerOf, exchange } from '../exchange.js';
import type { FuzzTarget, OpenTarget } from '../fuzz-target.js';
import { requestOf } from '../http-request.js';
import { madeBy, mutatedBytes, mutatedJson, oneOf } from '../inputs.js';
import { mutateDossier } from '../mutate-dossier.js';

const SHARE_OF_EACH = 3000;

/** Every path of the signer's own socket. What has to hold beside its answers: the token signs nothing that was not approved. */
export const signerTargets: readonly FuzzTarget[] = [
  ...Object.entries(PATHS).map(([name, path]): FuzzTarget => ({
    name: `signer/${name}`,
    share: SHARE_OF_EACH,
    async open(): Promise<OpenTarget> {
      const corpus = corpusOf(`signer/${name}`);
      const world = await openAttackWorld({ keySeed: 'countersign fuzz' });
      const bodies = bodiesFor(path, world);
      const requests = bodies.map((body) => Buffer.from(JSON.stringify(requestTo(path, body))));
      const changed = mutatedJson([...corpus.values(), ...requests]);
      const inputs = path === PATHS.sign ? fc.oneof({ weight: 4, arbitrary: signRequests(world) }, changed) : changed;
      return { corpus, inputs, check: (input) => ask(world, input), close: () => world.end() };
    },
  })),
  {
    name: 'signer/raw',
    share: SHARE_OF_EACH,
    async open(): Promise<OpenTarget> {
      // the same bytes that are no request for the service
      const corpus = corpusOf('http/raw');
      const world = await openAttackWorld({ keySeed: 'countersign fuzz' });
      const inputs = mutatedBytes([...corpus.values()]);
      return { corpus, inputs, check: (input) => askRaw(world, input), close: () => world.end() };
    },
  },
];

function requestTo(path: string, body: string | null): JsonValue {
  if (body === null) return { method: 'GET', path, headers: {}, body };
  const type = path === PATHS.sign ? DOSSIER_MEDIA_TYPE : JSON_MEDIA_TYPE;
  return { method: 'POST', path, headers: { 'Content-Type': type }, body };
}

/** Bodies that are right, for the path of that name; null for one that takes none. */
function bodiesFor(path: string, { fixture, key }: AttackWorld): (string | null)[] {
  const { text, document } = fixture.wave({ version: 44 });
  switch (path) {
    case PATHS.sign:
      return [fixture.dossier().join('')];
    case PATHS.requestKeys:
      return [JSON.stringify({ factory: fixture.factory, keys: [tufKey('ED25519', 'a request key').key] })];
    case PATHS.veto: {
      const { text: rejection, sshsig } = fixture.reject('bob', text, 'not today');
      const veto = { statement: text, rejection, sshsig };
      return [JSON.stringify(veto), JSON.stringify({ ...veto, policies: [fixture.policyText] })];
    }
    case PATHS.published: {
      const signatures = [key.sign(document), fixture.keys.online.sign(document)];
      const metadata = serializeMetadata({ signatures, signedBytes: document }).toString('utf8');
      const published = { factory: fixture.factory, tag: fixture.tag, metadata };
      return [JSON.stringify(published), JSON.stringify({ ...published, wave: 'w44', roots: fixture.rootTexts })];
    }
    default:
      return [null];
  }
}

function signRequests({ fixture }: AttackWorld): fc.Arbitrary<Buffer> {
  const waves = [fixture.wave(), fixture.wave({ version: 44, id: 'req_01jd9v3q5w8x2y4z6a7b9c1d3f' })];
  const files = waves.flatMap((wave) => [
    fixture.dossier({ wave }),
    fixture.dossier({ wave, approvals: ['alice'] }),
    fixture.dossier({ wave, rejections: [{ person: 'bob', reason: 'not today' }] }),
  ]);
  return madeBy((random) => {
    const lines = random(10) === 0 ? oneOf(random, files) : mutateDossier(random, files);
    return Buffer.from(JSON.stringify(requestTo(PATHS.sign, lines.join(''))));
  });
}

async function ask(world: AttackWorld, input: Buffer): Promise<void> {
  const { bytes, method } = requestOf(
    input,
    (text) => text,
    () => undefined,
  );
  const { status, contentType, body } = answerOf(
    await exchange({ path: world.socketPath }, bytes, { halfClose: false }),
  );
  assert.ok(status < 500, `${status}: ${body}`);
  if (method !== 'HEAD') {
    const metrics = status === 200 && contentType !== JSON_MEDIA_TYPE;
    assert.equal(contentType, metrics ? METRICS_MEDIA_TYPE.split(';')[0] : JSON_MEDIA_TYPE);
  }
  if (status !== 200 && method !== 'HEAD') {
    const wire: unknown = JSON.parse(body);
    assert.deepEqual(errorWireSchema.parse(wire), wire);
  }
  await requireHealthy(world);
}

async function askRaw(world: AttackWorld, input: Buffer): Promise<void> {
  const raw = await exchange({ path: world.socketPath }, input, { halfClose: true });
  assert.doesNotMatch(raw, /^HTTP\/1\.1 5/m);
  await requireHealthy(world);
}

async function requireHealthy({ signer, logger }: AttackWorld): Promise<void> {
  // that a role is frozen is told as an error too, and is as it should be
  const failed = logger.lines.find((line) => line.includes('failed without a code'));
  assert.equal(failed, undefined, 'the signer crashed inside a request');
  logger.forget();
  assert.equal((await signer.status()).journal.failed, false);
}
