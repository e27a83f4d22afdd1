import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readDossierLines } from '../../dossier/index.js';
import { CountersignError, errorToWire, isCountersignError } from '../../errors.js';
import type { Logger } from '../../telemetry/index.js';
import { DOSSIER_MEDIA_TYPE, JSON_MEDIA_TYPE, PATHS, publishedSchema, vetoSchema } from '../protocol.js';
import type { SignerLimits } from './limits.js';
import { receiptIn } from './receipt.js';
import { limited, readJsonBody, requireMediaType } from './read-body.js';
import type { Signer } from './signer.js';
import { statusOf } from './status-codes.js';

export interface SignerHttpParts {
  readonly signer: Signer;
  readonly limits: SignerLimits;
  readonly logger: Logger;
  readonly isStopping: () => boolean;
}

type Handler = (request: IncomingMessage) => Promise<unknown>;

/** The signer's HTTP server, not listening yet. Whoever can open its socket may call it: there is nobody to authenticate. */
export function createSignerHttp(parts: SignerHttpParts): Server {
  const routes = routesOf(parts);
  const server = createServer({ requestTimeout: parts.limits.bodyTimeoutMs }, (request, response) => {
    void answer(request, response, routes, parts);
  });
  return server;
}

function routesOf({ signer, limits, isStopping }: SignerHttpParts): ReadonlyMap<string, ReadonlyMap<string, Handler>> {
  const post = (handler: Handler): ReadonlyMap<string, Handler> => new Map([['POST', handler]]);
  const get = (handler: Handler): ReadonlyMap<string, Handler> => new Map([['GET', handler]]);
  return new Map([
    [PATHS.sign, post((request) => signer.sign(dossierLines(request, limits), receiptIn(request)))],
    [PATHS.verify, post((request) => signer.verify(dossierLines(request, limits)))],
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
        return signer.published(await readJsonBody(request, publishedSchema, limits.maxPublishedBytes));
      }),
    ],
    [PATHS.status, get((request) => signer.status(isStopping(), receiptIn(request)))],
    [PATHS.keys, get(() => signer.keys())],
    [PATHS.journal, get((request) => signer.journalOf(statementIn(request)))],
  ]);
}

/** @throws MEDIA_TYPE at the first line */
async function* dossierLines(request: IncomingMessage, { dossier }: SignerLimits): AsyncGenerator<string> {
  requireMediaType(request, DOSSIER_MEDIA_TYPE);
  yield* readDossierLines(limited(request, dossier.maxTotalLength), dossier);
}

/** @throws INPUT_INVALID */
function statementIn({ url = '' }: IncomingMessage): string {
  const query = new URLSearchParams(url.slice(PATHS.journal.length));
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
  { logger, isStopping, limits }: SignerHttpParts,
): Promise<void> {
  // A caller that went away is no error of ours: what it asked for goes on, and it finds the result when it asks again.
  response.on('error', () => undefined);
  request.on('error', () => undefined);
  try {
    const handler = findHandler(request, routes);
    if (isStopping()) throw new CountersignError('SIGNER_STOPPING', 'the signer is stopping');
    const body = await handler(request);
    await skipRest(request, limits);
    send(response, 200, body);
  } catch (error) {
    if (!isCountersignError(error)) logger.error('a request failed without a code', { error, path: request.url });
    const wire = errorToWire(error);
    await skipRest(request, limits);
    send(response, statusOf(wire.code), wire);
  }
}

function findHandler(request: IncomingMessage, routes: ReadonlyMap<string, ReadonlyMap<string, Handler>>): Handler {
  const { method = '', url = '' } = request;
  // one path takes a query; to the others it stays unknown
  const route = routes.get(url.startsWith(`${PATHS.journal}?`) ? PATHS.journal : url);
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
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(status, { 'content-type': JSON_MEDIA_TYPE, 'content-length': bytes.length });
  response.end(bytes);
}
