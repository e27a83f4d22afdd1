import { Router, type Request, type RequestHandler, type Response } from 'express';
import { OPERATIONS, type Operation, type OperationId } from '../api/index.js';
import { CountersignError, isCountersignError } from '../errors.js';
import type { Auth } from './auth/create-auth.js';
import type { Identity } from './auth/identity.js';
import { parseBody } from './body/parse-body.js';
import type { Call, Handler, Handlers } from './call.js';
import type { Endings } from './endings.js';
import { parseInput } from './parse-input.js';
import type { RateLimits } from './rate-limits.js';
import { bodyBytes, readBody } from './read-body.js';
import { writeReply } from './reply.js';
import { contextOf } from './request-context.js';

export interface RouterDependencies {
  readonly handlers: Handlers;
  readonly auth: Pick<Auth, 'authenticate'>;
  readonly rateLimits: RateLimits;
  readonly endings: Endings;
  readonly maxBodyBytes: number;
}

/**
 * Registers every operation of the table and nothing else. In front of each handler: who calls, how often,
 * and only then the body. Other methods on a known path are METHOD_NOT_ALLOWED.
 */
export function createRouter(dependencies: RouterDependencies): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const ids = Object.keys(OPERATIONS) as OperationId[];
  for (const path of new Set(ids.map((id) => OPERATIONS[id].path))) {
    const route = router.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    const here = ids.filter((id) => OPERATIONS[id].path === path);
    for (const id of here) route[OPERATIONS[id].method](...stepsOf(id, dependencies));
    route.all(methodNotAllowed(here.map((id) => OPERATIONS[id].method)));
  }
  return router;
}

function stepsOf(id: OperationId, dependencies: RouterDependencies): RequestHandler[] {
  const operation: Operation = OPERATIONS[id];
  // the types of the table and of the handlers go together operation by operation, which a loop cannot express
  const handler = dependencies.handlers[id] as Handler<Operation>;
  return [
    (_req, res, next) => {
      contextOf(res).operation = id;
      next();
    },
    ...guardsOf(operation, dependencies),
    ...readBody(operation, dependencies.maxBodyBytes),
    async (req, res) => {
      await writeReply(req, res, await handler(callOf(operation, req, res, dependencies.endings)));
    },
  ];
}

function guardsOf({ access, path }: Operation, { auth, rateLimits }: RouterDependencies): RequestHandler[] {
  switch (access) {
    case 'public':
      // what an orchestrator asks every second, and costs nothing
      return path === OPERATIONS.health.path ? [] : [rateLimits.perAddress];
    case 'login':
      return [rateLimits.logins];
    case 'session':
    case 'read':
    case 'request':
    case 'decide':
      return [identify(auth, rateLimits), rateLimits.perBearer, requireScope(access)];
  }
}

function identify(auth: Pick<Auth, 'authenticate'>, { refusals }: RateLimits): RequestHandler {
  return async (req, res, next) => {
    try {
      contextOf(res).identity = await auth.authenticate(req.headers.authorization);
    } catch (error) {
      if (!isCountersignError(error, 'UNAUTHENTICATED')) throw error;
      await refusals(req, res, (limited?: unknown) => next(limited ?? error));
      return;
    }
    next();
  };
}

function requireScope(access: 'session' | 'read' | 'request' | 'decide'): RequestHandler {
  return (_req, res, next) => {
    const { caller } = identityOf(res);
    // whether it is a session is for the handler: it can say what to do instead
    if (access === 'session' || caller.scopes.includes(access)) {
      next();
      return;
    }
    throw new CountersignError('FORBIDDEN', `${caller.name} may not do this (needs the scope ${access})`, {
      hint: 'Officers sign in with `countersign login`.',
    });
  };
}

function callOf(operation: Operation, req: Request, res: Response, endings: Endings): Call<Operation> {
  return {
    params: parseInput(operation.params, req.params, 'path'),
    query: parseInput(operation.query, req.query, 'query'),
    headers: parseInput(operation.headers, req.headers, 'header'),
    body: bodyOf(operation, req.body) as Call<Operation>['body'],
    identity: identityFor(operation, res) as Call<Operation>['identity'],
    ending: endings.signalOf(res),
    prefers: ([first, ...others]) => req.accepts([first, ...others]) || first,
  };
}

function bodyOf({ body }: Operation, sent: unknown): unknown {
  if (body === null) return null;
  const bytes = bodyBytes(sent);
  if (bytes.length === 0 && body.optional !== true) {
    throw new CountersignError('INPUT_INVALID', 'a JSON body is needed', {
      pointer: '',
      hint: 'Send `Content-Type: application/json` and a JSON object.',
    });
  }
  if (body.as === 'bytes') return bytes;
  return parseInput(body.schema, bytes.length === 0 ? {} : parseBody(bytes).value, 'body');
}

function identityFor({ access }: Operation, res: Response): Identity | null {
  return access === 'public' || access === 'login' ? null : identityOf(res);
}

function identityOf(res: Response): Identity {
  const { identity } = contextOf(res);
  if (identity === null) throw new Error('an operation that needs a sign-in was reached without one');
  return identity;
}

function methodNotAllowed(methods: readonly Operation['method'][]): RequestHandler {
  const allow = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : ['POST'])).join(', ');
  return (_req, res) => {
    res.setHeader('Allow', allow);
    throw new CountersignError('METHOD_NOT_ALLOWED', `this path knows ${allow} only`);
  };
}
