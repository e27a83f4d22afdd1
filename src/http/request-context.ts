import { randomUUID } from 'node:crypto';
import type { Response } from 'express';
import type { OperationId } from '../api/index.js';
import type { Identity } from './auth/identity.js';

/** What the service knows of one request besides what was sent. */
export interface RequestContext {
  readonly requestId: string;
  /** `performance.now()` at its begin. */
  readonly startedMs: number;
  identity: Identity | null;
  /** Which operation it asks for; null for what the API does not know. */
  operation: OperationId | null;
  /** Of the problem it was answered with. */
  code: string | null;
}

const contexts = new WeakMap<Response, RequestContext>();

/** Made for each request by the first middleware, and on demand for one that failed before it. */
export function contextOf(res: Response): RequestContext {
  const known = contexts.get(res);
  if (known !== undefined) return known;
  const context: RequestContext = {
    requestId: randomUUID(),
    startedMs: performance.now(),
    identity: null,
    operation: null,
    code: null,
  };
  contexts.set(res, context);
  return context;
}
