import { approve } from './approve.js';
import { assembleDossier } from './assemble-dossier.js';
import { assembleEvidence } from './assemble-evidence.js';
import { signedBundle } from './bundle/deliver-bundle.js';
import { submitBundle } from './bundle/submit-bundle.js';
import { cancel } from './cancel.js';
import { createContext, findRequest, type Context } from './context.js';
import { signedMetadata } from './deliver-request.js';
import { eventOf } from './move.js';
import { checkReadiness } from './readiness.js';
import { reject } from './reject.js';
import { registerRequestKeys } from './request-keys/register.js';
import { revokeRequestKeys } from './request-keys/revoke.js';
import { isEnded, isSignedOrEnded } from './request-state.js';
import { viewOf } from './request-view.js';
import { addExternals } from './root/add-externals.js';
import { importSignatures } from './root/import-signatures.js';
import { signedRoots } from './root/roots-to-put.js';
import { showRoots, showTransaction } from './root/show-roots.js';
import { submitRootUpdate } from './root/submit-root.js';
import { createRunner } from './runner.js';
import type { SigningDependencies } from './dependencies.js';
import type { StoredEvent } from './event-port.js';
import type { Caller, EventView, SigningService } from './service.js';
import { diffOf } from './stored-base.js';
import type { StoredRequest } from './store-port.js';
import { submitWave } from './submit-wave.js';
import { createChanges, waitFor } from './wait-for.js';

const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/**
 * A request's life, put together. Nothing happens by itself before `start`.
 *
 * @throws POLICY_* if the policies are no chain from the pinned first one
 */
export function createSigningService(deps: SigningDependencies): SigningService {
  const changes = createChanges();
  const context: Context = createContext(deps, (id) => {
    changes.tell(id);
    runner.kick(id);
  });
  const runner = createRunner(context);
  const view = async (request: StoredRequest | Promise<StoredRequest>) => viewOf(context, await request);

  return {
    submitWave: (submission, caller) => submitWave(context, submission, caller),
    submitRootUpdate: (submission, caller) => submitRootUpdate(context, submission, caller),
    submitBundle: (submission, caller) => submitBundle(context, submission, caller),
    importSignatures: (id, journal, caller) => view(importSignatures(context, id, journal, caller)),
    addExternals: (id, signatures, caller) => view(addExternals(context, id, signatures, caller)),
    roots: (factory) => showRoots(context, factory),
    rootTransaction: (factory) => showTransaction(context, factory),
    get: (id) => view(findRequest(context, id)),
    findAsked: async (key, { kind, name }) => {
      const asked = await context.store.requests.findIdempotencyKey(key, `${kind}:${name}`);
      return asked === null ? null : view(findRequest(context, asked.id));
    },
    list: async (filter) => {
      const limit = pageSize(filter.limit);
      const { items, next } = await context.store.requests.list({ ...filter, limit });
      return { items: await Promise.all(items.map(view)), next };
    },
    statement: async (id, reader) => {
      const request = await findRequest(context, id);
      await recordReading(context, request, 'statement', reader);
      return request.statement;
    },
    dossier: (id, reader) => readDossier(context, id, reader),
    evidence: (id, reader) => readEvidence(context, id, reader),
    diff: async (id) => diffOf(context, await findRequest(context, id)),
    signed: async (id) => readSigned(context, await findRequest(context, id)),
    approve: (id, { sshsig }, caller) => view(approve(context, id, sshsig, caller)),
    reject: (id, rejection, caller) => view(reject(context, id, rejection, caller)),
    cancel: (id, caller, reason) => view(cancel(context, (task, work) => runner.alone(task, work), id, caller, reason)),
    waitFor: (id, until, signal) => view(waitFor(context, changes, id, isEnded, until, signal)),
    waitForSigned: async (id, until, signal) =>
      readSigned(context, await waitFor(context, changes, id, isSignedOrEnded, until, signal)),
    registerRequestKeys: (registration, factoryToken, caller) =>
      registerRequestKeys(context, registration, factoryToken, caller),
    requestKeys: (factory) => context.store.requestKeys.list(factory),
    activeRequestKeys: (factory, polisId) => context.store.requestKeys.listActive(factory, polisId),
    revokeRequestKeys: (id, caller) => revokeRequestKeys(context, id, caller),
    keys: async () => (await context.signer.keys()).keys,
    policy: () => context.policy,
    events: async ({ after = 0, limit }) => {
      const size = pageSize(limit);
      const events = await context.store.events.list({ after, limit: size + 1 });
      const items = events.slice(0, size).map(eventView);
      return { items, next: events.length > size ? (items.at(-1)?.seq ?? null) : null };
    },
    verifyEvents: () => context.store.events.verify(),
    readiness: () => checkReadiness(context, deps),
    start: () => runner.start(),
    stop: () => runner.stop(),
    reconcile: () => runner.pass(),
  };
}

async function readSigned(context: Context, request: StoredRequest): Promise<Buffer | null> {
  if (request.published !== null) return context.store.blobs.get(request.published);
  const signed = request.state === 'signed' || request.state === 'abandoned' || request.state === 'delivered';
  if (!signed) return null;
  if (request.kind === 'root') return bothRoots(context, request);
  return request.kind === 'bundle' ? signedBundle(context, request) : signedMetadata(context, request);
}

/** `{ci, production}`, each root metadata: as published once they are, else with the signatures that were made here. */
async function bothRoots(context: Context, request: StoredRequest): Promise<Buffer> {
  const published = request.root?.published ?? null;
  const { ci, production } =
    published === null
      ? await signedRoots(context, request)
      : {
          ci: await context.store.blobs.get(published.ci),
          production: await context.store.blobs.get(published.production),
        };
  return Buffer.concat([Buffer.from('{"ci":'), ci, Buffer.from(',"production":'), production, Buffer.from('}')]);
}

async function* readDossier(context: Context, id: string, reader: Caller | undefined): AsyncGenerator<string> {
  const request = await findRequest(context, id);
  await recordReading(context, request, 'dossier', reader);
  yield* await assembleDossier(context, request);
}

async function* readEvidence(context: Context, id: string, reader: Caller | undefined): AsyncGenerator<string> {
  const request = await findRequest(context, id);
  const lines = await assembleEvidence(context, request);
  await recordReading(context, request, 'evidence', reader);
  yield* lines;
}

/** That an officer had it before them is worth knowing once; who polls would drown the log. */
async function recordReading(
  context: Context,
  request: StoredRequest,
  what: 'statement' | 'dossier' | 'evidence',
  reader: Caller | undefined,
): Promise<void> {
  const person = reader?.person ?? null;
  if (person === null) return;
  const once = `read ${request.id} ${what} ${person}`;
  const details = { what, statement: request.statementSha256 };
  await context.store.events.append(eventOf(context, 'read', request, { actor: person, details, once }));
}

function eventView({ details, ...event }: StoredEvent): EventView {
  const value: unknown = JSON.parse(details);
  return { ...event, details: isRecord(value) ? value : {} };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pageSize(limit: number | undefined): number {
  return Math.min(MAX_PAGE, Math.max(1, limit ?? DEFAULT_PAGE));
}
