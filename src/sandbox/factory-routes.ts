import { Router } from 'express';
import { parseTargets } from '../tuf/index.js';
import { handler, sendDocuments, sendJson } from './answers.js';
import type { Authenticate } from './authenticate.js';
import type { Clock } from './clock.js';
import { offlineMeta, offlineMetaSchema } from './offline-meta.js';
import { publicOnlineKey } from './online-keys.js';
import { parseBody } from './parse-body.js';
import { queryText } from './query.js';
import { Refusal } from './refusal.js';
import type { StateStore } from './state-store.js';
import { documentAnswer } from './wave-answers.js';

/** What stands under `/ota/factories/{factory}` besides the Waves. */
export function factoryRoutes(store: StateStore, authenticate: Authenticate, clock: Clock): Router {
  const router = Router();

  router.get('/ci-targets.pub', (request, response) => {
    authenticate(request, 'targets:read');
    sendJson(response, 200, publicOnlineKey(store.read().keys.targets).key);
  });

  router.get('/users/self/', (request, response) => {
    const { person, polisId } = authenticate(request, null);
    sendJson(response, 200, {
      'effective-scopes': person.scopes,
      name: person.name,
      'polis-id': polisId,
      role: person.role,
      'teams-ext': [],
    });
  });

  router.get('/targets/', (request, response) => {
    authenticate(request, 'targets:read');
    const version = queryText(request, 'version');
    const { targets } = parseTargets(Buffer.from(store.read().ciTargets)).signed;
    const entries = Object.entries(targets);
    const chosen = version === '' ? entries : entries.filter(([, { custom }]) => custom?.['version'] === version);
    sendJson(response, 200, Object.fromEntries(chosen));
  });

  router.post('/targets/:target/meta/', (request, response) => {
    authenticate(request, 'targets:read');
    const meta = offlineMeta(
      store.read(),
      request.params.target,
      parseBody(request.body, offlineMetaSchema),
      clock.now(),
    );
    sendJson(
      response,
      200,
      Object.fromEntries(Object.entries(meta).map(([name, text]) => [name, documentAnswer(text)])),
    );
  });

  router.get(
    '/prod-targets/',
    handler(async (request, response) => {
      authenticate(request, 'targets:read');
      const documents = Object.entries(store.read().productionTargets);
      await sendDocuments(response, named(documents, queryText(request, 'tag')));
    }),
  );

  router.get(
    '/wave-targets/',
    handler(async (request, response) => {
      authenticate(request, 'targets:read');
      const active = store.read().waves.filter(({ status }) => status === 'active');
      const documents = active.map(({ name, targets }) => [name, targets] as const);
      await sendDocuments(response, named(documents, queryText(request, 'name')));
    }),
  );

  return router;
}

/** The documents of a comma-separated list, all of them for an empty one; one that is missing is a 404. */
function named(
  documents: readonly (readonly [string, string])[],
  list: string,
): readonly (readonly [string, string])[] {
  if (list === '') return documents;
  const byName = new Map(documents);
  return list.split(',').map((name) => {
    const text = byName.get(name);
    if (text === undefined) throw new Refusal(404, `No ${name}`);
    return [name, text] as const;
  });
}
