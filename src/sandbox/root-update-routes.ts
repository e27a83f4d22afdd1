import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Actor } from './actor.js';
import { handler, sendJson } from './answers.js';
import { applyRootUpdate, cancelRootUpdate, countRead } from './apply-root-update.js';
import type { Authenticate } from './authenticate.js';
import { beginRootUpdate } from './begin-root-update.js';
import type { Clock } from './clock.js';
import { exportOnlineKey, generateOnlineKey } from './online-keys.js';
import { parseBody } from './parse-body.js';
import { Refusal } from './refusal.js';
import { replaceOnlineKeys, type NewOnlineKeys } from './replace-online-keys.js';
import { requireStartedUpdate } from './require-root-update.js';
import { rootUpdateAnswer } from './root-update-answer.js';
import { stageRoots, stageSchema } from './stage-roots.js';
import { ONLINE_ROLES } from './staged-roots.js';
import type { SandboxState } from './state.js';
import type { StateStore } from './state-store.js';

const beginSchema = z.strictObject({
  message: z.string().min(1).max(10_000),
  'first-time': z.boolean().default(false),
  shortcut: z.boolean().default(false),
});
const txidSchema = z.string().max(100);
const applySchema = z.strictObject({ txid: txidSchema });
const generateSchema = z.strictObject({
  txid: txidSchema,
  'key-type': z.enum(['ED25519', 'RSA']),
  targets: z.boolean().default(false),
  snapshot: z.boolean().default(false),
  timestamp: z.boolean().default(false),
});

/** What stands under `root/updates`: the one transaction that changes the roots. */
export function rootUpdateRoutes(store: StateStore, authenticate: Authenticate, clock: Clock): Router {
  const router = Router();
  const actorOf = (request: Request): Actor => {
    const { polisId } = authenticate(request, 'targets:read-update');
    return { polisId, now: clock.now() };
  };
  const change = async (response: Response, step: (state: SandboxState) => SandboxState): Promise<void> => {
    await store.update((state) => ({ state: step(state), result: undefined }));
    sendJson(response, 200, {});
  };

  router.get(
    '/',
    handler(async (request, response) => {
      authenticate(request, 'targets:read');
      if (typeof store.read().rootUpdate?.readsUntilApplied === 'number') {
        await store.update((state) => ({ state: countRead(state), result: undefined }));
      }
      sendJson(response, 200, rootUpdateAnswer(store.read(), clock.now()));
    }),
  );

  router.post(
    '/',
    handler(async (request, response) => {
      const actor = actorOf(request);
      const { message, 'first-time': firstTime } = parseBody(request.body, beginSchema);
      const { txid } = await store.update((state) => beginRootUpdate(state, { message, firstTime }, actor));
      if (!firstTime) return sendJson(response, 201, { txid });
      const firstRoot = exportOnlineKey(store.read().keys.root);
      sendJson(response, 201, { txid, 'first_root.sec': firstRoot.private, 'first_root.pub': firstRoot.public });
    }),
  );

  router.put(
    '/',
    handler(async (request, response) => {
      const actor = actorOf(request);
      const input = parseBody(request.body, stageSchema);
      await change(response, (state) => stageRoots(state, input, actor));
    }),
  );

  router.post(
    '/gen-online-keys',
    handler(async (request, response) => {
      const actor = actorOf(request);
      const { txid, 'key-type': keytype, ...wanted } = parseBody(request.body, generateSchema);
      requireStartedUpdate(store.read(), txid, actor); // before any key is made for nothing
      const roles = ONLINE_ROLES.filter((role) => wanted[role]);
      if (roles.length === 0) throw new Refusal(400, 'No role was named whose key shall be made');
      const made = await Promise.all(roles.map(async (role) => [role, await generateOnlineKey(keytype)] as const));
      const keys: NewOnlineKeys = Object.fromEntries(made);
      await change(response, (state) => replaceOnlineKeys(state, txid, keys, actor));
    }),
  );

  router.post(
    '/apply',
    handler(async (request, response) => {
      const actor = actorOf(request);
      const { txid } = parseBody(request.body, applySchema);
      const reads = readsToApply(response);
      await change(response, (state) => applyRootUpdate(state, txid, reads, actor));
    }),
  );

  router.post(
    '/cancel',
    handler(async (request, response) => {
      actorOf(request);
      await change(response, cancelRootUpdate);
    }),
  );

  return router;
}

/** Set by a fault: how long the update is to be seen being applied. */
function readsToApply({ locals }: Response): number {
  const reads: unknown = locals['readsUntilApplied'];
  return typeof reads === 'number' ? reads : 0;
}
