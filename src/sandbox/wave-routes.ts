import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { encodeText } from '../tuf/index.js';
import type { Actor } from './actor.js';
import { handler, sendDocument, sendJson } from './answers.js';
import type { Authenticate, Authenticated } from './authenticate.js';
import type { Clock } from './clock.js';
import { parseBody } from './parse-body.js';
import { queryNumber, queryText } from './query.js';
import { Refusal } from './refusal.js';
import { rollOut, rolloutSchema } from './rollout.js';
import { signatureSchema, type SandboxState, type SandboxWave } from './state.js';
import type { StateStore } from './state-store.js';
import { documentAnswer, statusAnswer, waveAnswer } from './wave-answers.js';
import { parseWaveSubmission } from './wave-submission.js';
import { addWaveSignatures, cancelWave, completeWave, createWave, findActiveWave, findWave } from './waves.js';

const signSchema = z.strictObject({
  signatures: z.array(signatureSchema).min(1).max(100),
});

const PAGE_SIZE = 20;
const MAX_PAGE_SIZE = 1000;

/** What stands under `/ota/factories/{factory}/waves`. */
export function waveRoutes(store: StateStore, authenticate: Authenticate, clock: Clock): Router {
  const router = Router();
  const actorOf = ({ polisId }: Authenticated): Actor => ({ polisId, now: clock.now() });

  /** A change of one Wave, answered with the Wave as it is then. */
  const change = (step: (state: SandboxState, name: string, actor: Actor, body: unknown) => Changed) =>
    handler(async (request, response) => {
      const actor = actorOf(authenticate(request, 'targets:read-update'));
      const name = nameOf(request);
      const wave = await store.update((state) => step(requireNotApplying(state), name, actor, request.body));
      sendJson(response, 200, waveAnswer(wave));
    });

  router.get('/', (request, response) => {
    authenticate(request, 'targets:read');
    sendWavePage(request, response, store.read().waves);
  });

  router.post(
    '/',
    handler(async (request, response) => {
      const actor = actorOf(authenticate(request, 'targets:read-update'));
      const submission = parseWaveSubmission(request.body);
      const wave = await store.update((state) => createWave(requireNotApplying(state), submission, actor));
      sendJson(response, 201, waveAnswer(wave));
    }),
  );

  router.get('/:name/', (request, response) => {
    authenticate(request, 'targets:read');
    const wave = findWave(store.read(), nameOf(request));
    const showTargets = queryText(request, 'show-targets') === '1';
    sendJson(response, 200, {
      ...waveAnswer(wave),
      ...(showTargets ? { targets: documentAnswer(wave.targets) } : {}),
    });
  });

  router.get('/:name/status/', (request, response) => {
    authenticate(request, 'devices:read');
    queryNumber(request, 'offline-threshold', 4, 1_000_000); // taken, but these devices never change
    const state = store.read();
    const name = nameOf(request);
    sendJson(response, 200, statusAnswer(state, name === '$active$' ? findActiveWave(state) : findWave(state, name)));
  });

  router.post(
    '/:name/sign/',
    change((state, name, actor, body) => addWaveSignatures(state, name, parseBody(body, signSchema).signatures, actor)),
  );
  router.post('/:name/complete/', change(completeWave));
  router.post('/:name/cancel/', change(cancelWave));

  router.post(
    '/:name/rollout/',
    handler(async (request, response) => {
      const actor = actorOf(authenticate(request, 'devices:read-update'));
      const rollout = parseBody(request.body, rolloutSchema);
      const name = nameOf(request);
      const { devices } = await store.update((state) => rollOut(state, name, rollout, actor));
      sendJson(response, 200, {
        ...waveAnswer(findWave(store.read(), name)),
        'device-names': rollout['return-names'] ? devices.map((device) => device.name) : [],
        'device-num': devices.length,
        'device-uuids': rollout['return-uuids'] ? devices.map((device) => device.uuid) : [],
      });
    }),
  );

  return router;
}

type Changed = { state: SandboxState; result: SandboxWave };

/**
 * What the new roots are checked against stays as it is until they are out.
 *
 * @throws Refusal 423
 */
function requireNotApplying(state: SandboxState): SandboxState {
  if (typeof state.rootUpdate?.readsUntilApplied !== 'number') return state;
  throw new Refusal(423, 'Waves wait while root updates are being applied');
}

function nameOf(request: Request): string {
  const { name } = request.params;
  return typeof name === 'string' ? name : '';
}

/** Newest first; `next` is the address of the page after this one, or null. */
function sendWavePage(request: Request, response: Response, all: readonly SandboxWave[]): void {
  const limit = queryNumber(request, 'limit', PAGE_SIZE, MAX_PAGE_SIZE);
  const page = queryNumber(request, 'page', 1, 1_000_000);
  const status = queryText(request, 'status');
  const tag = queryText(request, 'tag');
  const waves = all
    .filter((wave) => (status === '' || wave.status === status) && (tag === '' || wave.tag === tag))
    .reverse();
  const query = new URLSearchParams({
    limit: String(limit),
    page: String(page + 1),
    ...(status === '' ? {} : { status }),
    ...(tag === '' ? {} : { tag }),
  });
  const answer = {
    next: page * limit < waves.length ? `${request.baseUrl}/?${query.toString()}` : null,
    total: waves.length,
    waves: waves.slice((page - 1) * limit, page * limit).map(waveAnswer),
  };
  sendDocument(response, 200, encodeText(answer)); // the `&` of an address is outside the subset of signed documents
}
