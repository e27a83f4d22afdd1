import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { readDossierLines } from '../../dossier/index.js';
import { CountersignError, errorToWire, isCountersignError } from '../../errors.js';
import { type Logger, METRICS_MEDIA_TYPE, withRequestId } from '../../telemetry/index.js';
import {
  ABRIDGED,
  ABRIDGED_HEADER,
  DOSSIER_MEDIA_TYPE,
  JSON_MEDIA_TYPE,
  PATHS,
  proveSchema,
  publishedRootsSchema,
  publishedSchema,
  REQUEST_ID_HEADER,
  REQUEST_ID_PATTERN,
  requestKeysSchema,
  unlockSchema,
  vetoSchema,
} from '../protocol.js';
import type { Canary } from './canary.js';
import type { SignerLimits } from './limits.js';
import { receiptIn } from './receipt.js';
import { limited, readJsonBody, requireMediaType } from './read-body.js';
import type { Signer } from './signer.js';
import type { SignerMetrics } from './signer-metrics.js';
import { statusOf } from './status-codes.js';

export interface SignerHttpParts {
  readonly signer: Signer;
  readonly canary: Canary;
  readonly metrics: SignerMetrics;
  readonly limits: SignerLimits;
  readonly logger: Logger;
  readonly isStopping: () => boolean;
}

/** Answers with a value to be sent as JSON, or a text of its own type. */
type Handler = (request: IncomingMessage) => Promise<unknown>;

class Text {
  constructor(
    readonly text: string,
    readonly mediaType: string,
  ) {}
}

/** The signer's HTTP server, not listening yet. Whoever can open its socket may call it: there is nobody to authenticate. */
export function createSignerHttp(parts: SignerHttpParts): Server {
  const routes = routesOf(parts);
  const timeouts = { headersTimeout: parts.limits.silenceMs, requestTimeout: 0 };
  const server = createServer(timeouts, (request, response) => {
    void withRequestId(requestIdOf(request), () => answer(request, response, routes, parts));
  });
  return server;
}

/** The caller's own, so that its log and this one can be laid side by side; a new one for a caller that gives none. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && REQUEST_ID_PATTERN.test(given) ? given : randomUUID();
}

function routesOf({
  signer,
  canary,
  metrics,
  limits,
  isStopping,
}: SignerHttpParts): ReadonlyMap<string, ReadonlyMap<string, Handler>> {
  const post = (handler: Handler): ReadonlyMap<string, Handler> => new Map([['POST', handler]]);
  const get = (handler: Handler): ReadonlyMap<string, Handler> => new Map([['GET', handler]]);
  return new Map([
    [
      PATHS.sign,
      post((request) => signer.sign(dossierLines(request, limits), receiptIn(request), isAbridged(request))),
    ],
    [PATHS.verify, post((request) => signer.verify(dossierLines(request, limits), isAbridged(request)))],
    [
      PATHS.veto,
      post(async (request) => {
        requireMediaType(request, JSON_MEDIA_TYPE);
        return signer.veto(await readJsonBody(request, vetoSchema, limits.maxVetoBytes));
      }),
    ],
    [
      PATHS.published,
      post(async (request) => {
        requireMediaType(request, JSON_MEDIA_TYPE);
        const schema = z.union([publishedSchema, publishedRootsSchema]);
        const body = await readJsonBody(request, schema, limits.maxPublishedBytes);
        return 'metadata' in body ? signer.published(body) : signer.publishedRoots(body);
      }),
    ],
    [
      PATHS.prove,
      post(async (request) => {
        requireMediaType(request, JSON_MEDIA_TYPE);
        return signer.prove(await readJsonBody(request, proveSchema, limits.maxSmallBytes));
      }),
    ],
    [
      PATHS.unlock,
      post(async (request) => {
        requireMediaType(request, JSON_MEDIA_TYPE);
        return signer.unlock((await readJsonBody(request, unlockSchema, limits.maxSmallBytes)).token);
      }),
    ],
    [
      PATHS.requestKeys,
      post(async (request) => {
        requireMediaType(request, JSON_MEDIA_TYPE);
        return signer.registerRequestKeys(await readJsonBody(request, requestKeysSchema, limits.maxSmallBytes));
      }),
    ],
    [PATHS.status, get((request) => signer.status(isStopping(), receiptIn(request)))],
    [PATHS.keys, get(() => signer.keys())],
    [PATHS.canary, get(() => canary.ask())],
    [
      PATHS.metrics,
      get(async () => {
        canary.begin(); // for the next time: it has to be proved also where nobody asks for readiness
        return new Text(await metrics.text(), METRICS_MEDIA_TYPE);
      }),
    ],
    [PATHS.journal, get((request) => signer.journalOf(statementIn(request, PATHS.journal)))],
    [PATHS.progress, get((request) => signer.progress(statementIn(request, PATHS.progress)))],
  ]);
}

/** @throws MEDIA_TYPE at the first line */
async function* dossierLines(request: IncomingMessage, { dossier }: SignerLimits): AsyncGenerator<string> {
  requireMediaType(request, DOSSIER_MEDIA_TYPE);
  yield* readDossierLines(limited(request, dossier.maxTotalLength), dossier);
}

/** @throws INPUT_INVALID */
function isAbridged({ headers }: IncomingMessage): boolean {
  const leftOut = headers[ABRIDGED_HEADER];
  if (leftOut === undefined || leftOut === ABRIDGED) return leftOut !== undefined;
  throw new CountersignError('INPUT_INVALID', `the header ${ABRIDGED_HEADER} names what cannot be left out`);
}

/** @throws INPUT_INVALID */
function statementIn({ url = '' }: IncomingMessage, path: string): string {
  const query = new URLSearchParams(url.slice(path.length));
  const statement = query.get('statement') ?? '';
  if (query.size === 1 && /^[0-9a-f]{64}$/.test(statement)) return statement;
  throw new CountersignError('INPUT_INVALID', 'the path needs ?statement= and the digest of a statement alone', {
    pointer: '/statement',
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: ReadonlyMap<string, ReadonlyMap<string, Handler>>,
  { logger, isStopping, limits, metrics }: SignerHttpParts,
): Promise<void> {
  const startedMs = performance.now();
  const [path = ''] = (request.url ?? '').split('?');
  const operation = routes.has(path) ? path.slice(path.lastIndexOf('/') + 1) : 'unknown';
  const log = (status: number, code?: string): void => {
    const durationMs = Math.round(performance.now() - startedMs);
    const line = { operation, method: request.method, status, durationMs, ...(code === undefined ? {} : { code }) };
    // what is only looked at is asked for every few seconds
    if (request.method === 'GET' && status === 200) logger.debug('request', line);
    else logger.info('request', line);
  };
  // A caller that went away is no error of ours: what it asked for goes on, and it finds the result when it asks again.
  response.on('error', () => undefined);
  request.on('error', () => undefined);
  // a dossier comes as fast as it is verified; once it is here, it is the caller who waits
  request.setTimeout(limits.silenceMs).once('end', () => request.setTimeout(0));
  try {
    const handler = findHandler(request, routes);
    if (isStopping()) throw new CountersignError('SIGNER_STOPPING', 'the signer is stopping');
    const body = await handler(request);
    await skipRest(request, limits);
    send(response, 200, body);
    log(200);
  } catch (error) {
    if (!isCountersignError(error)) logger.error('a request failed without a code', { error, path: request.url });
    const wire = errorToWire(error);
    await skipRest(request, limits);
    metrics.observer.onRefusal(operation, wire.code);
    send(response, statusOf(wire.code), wire);
    log(statusOf(wire.code), wire.code);
  }
}

function findHandler(request: IncomingMessage, routes: ReadonlyMap<string, ReadonlyMap<string, Handler>>): Handler {
  const { method = '', url = '' } = request;
  // two paths take a query; to the others it stays unknown
  const asked = [PATHS.journal, PATHS.progress].find((path) => url.startsWith(`${path}?`));
  const route = routes.get(asked ?? url);
  if (route === undefined) throw new CountersignError('NOT_FOUND', 'the signer has no such path');
  const handler = route.get(method);
  if (handler !== undefined) return handler;
  throw new CountersignError('METHOD_NOT_ALLOWED', `this path answers ${[...route.keys()].join(', ')}`);
}

/**
 * Reads what is left of a body that was refused half way: closing a Unix socket with unread bytes in it would lose the answer.
 * Gives up on one that never ends.
 */
async function skipRest(request: IncomingMessage, limits: SignerLimits): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  try {
    const rest = limited(request, limits.dossier.maxTotalLength);
    while ((await rest.next()).done !== true);
  } catch {
    // too much, or the caller is gone: the answer is sent for what it is worth
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  const { text, mediaType } = body instanceof Text ? body : new Text(`${JSON.stringify(body)}\n`, JSON_MEDIA_TYPE);
  const bytes = Buffer.from(text);
  response.writeHead(status, { 'content-type': mediaType, 'content-length': bytes.length });
  response.end(bytes);
}
