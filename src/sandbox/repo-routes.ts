import { Router } from 'express';
import { parseTargets } from '../tuf/index.js';
import { handler, sendDocument } from './answers.js';
import type { Authenticate } from './authenticate.js';
import { signCiTargets } from './ci-targets.js';
import { isWithin, type Clock } from './clock.js';
import { Refusal } from './refusal.js';
import { rootUpdateRoutes } from './root-update-routes.js';
import type { StateStore } from './state-store.js';

const RENEW_DAYS = 7;

/** What stands under `/ota/repo/{factory}/api/v1/user_repo`: roots, CI targets, root updates. */
export function repoRoutes(store: StateStore, authenticate: Authenticate, clock: Clock): Router {
  const router = Router();
  const chain = (production: unknown): readonly string[] =>
    production === '1' ? store.read().roots.production : store.read().roots.ci;

  router.get('/root.json', (request, response) => {
    authenticate(request, 'targets:read');
    sendDocument(response, 200, chain(request.query['production']).at(-1) ?? '');
  });

  router.get('/:version.root.json', (request, response) => {
    authenticate(request, 'targets:read');
    const { version } = request.params;
    const text = /^[1-9]\d{0,8}$/.test(version) ? chain(request.query['production'])[Number(version) - 1] : undefined;
    if (text === undefined) throw new Refusal(404, `No root version ${version}`);
    sendDocument(response, 200, text);
  });

  router.get(
    '/targets.json',
    handler(async (request, response) => {
      authenticate(request, 'targets:read');
      sendDocument(response, 200, await renewedCiTargets(store, clock));
    }),
  );

  router.use('/root/updates', rootUpdateRoutes(store, authenticate, clock));

  return router;
}

/** CI targets metadata, signed anew under the next version when few days are left of it, as the real server does. */
async function renewedCiTargets(store: StateStore, clock: Clock): Promise<string> {
  const { signed } = parseTargets(Buffer.from(store.read().ciTargets));
  if (!isWithin(signed.expires, clock.now(), RENEW_DAYS)) return store.read().ciTargets;
  return store.update((state) => {
    const current = parseTargets(Buffer.from(state.ciTargets)).signed;
    if (!isWithin(current.expires, clock.now(), RENEW_DAYS)) return { state, result: state.ciTargets };
    const ciTargets = signCiTargets(current.targets, current.version + 1, state.keys.targets, clock.now());
    return { state: { ...state, ciTargets }, result: ciTargets };
  });
}
