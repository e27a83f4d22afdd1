import { Router, type Request } from 'express';
import { z } from 'zod';
import { handler, sendJson } from './answers.js';
import { faultSchema } from './fault.js';
import type { FaultList } from './fault-list.js';
import { generateOnlineKey } from './online-keys.js';
import { parseBody } from './parse-body.js';
import { Refusal } from './refusal.js';
import type { StateStore } from './state-store.js';

const faultsSchema = z.strictObject({ faults: z.array(faultSchema).min(1).max(1000) });

/**
 * `/_sandbox/faults`: POST `{faults: […]}` adds to the list, GET shows what is left of it, DELETE empties it. Not part of the
 * Factory's API, and so without its tokens: for programs on the same machine, where the sandbox was started for it.
 */
export function faultRoutes(faults: FaultList | null, store: StateStore): Router {
  const router = Router();
  const allowed = (request: Request): FaultList => {
    if (faults === null) throw new Refusal(403, 'This sandbox was not started with faults');
    if (!isLoopback(request.socket.remoteAddress)) throw new Refusal(403, 'Faults are for the machine itself');
    // a page in somebody's browser is on the same machine too
    if (request.get('origin') !== undefined) throw new Refusal(403, 'Faults are not for web pages');
    return faults;
  };

  router.get('/', (request, response) => sendJson(response, 200, { faults: allowed(request).list() }));

  router.post(
    '/',
    handler(async (request, response) => {
      const list = allowed(request);
      const { faults: asked } = parseBody(request.body, faultsSchema);
      const foreignKey = await generateOnlineKey('ED25519');
      list.add(asked.map((fault) => ({ fault, state: store.read(), foreignKey })));
      sendJson(response, 201, { faults: list.list() });
    }),
  );

  router.delete('/', (request, response) => {
    const list = allowed(request);
    list.clear();
    sendJson(response, 200, { faults: list.list() });
  });

  return router;
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || (address !== undefined && /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address));
}
