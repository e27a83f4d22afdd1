import type { z } from 'zod';
import type { Operation, OPERATIONS, OperationId } from '../api/index.js';
import type { Identity } from './auth/identity.js';
import type { Reply } from './reply.js';

type BodyOf<O extends Operation> = O['body'] extends { readonly as: 'bytes' }
  ? Buffer
  : O['body'] extends { readonly schema: infer S extends z.ZodType }
    ? z.output<S>
    : null;

/** One request, parsed as its operation says. */
export interface Call<O extends Operation> {
  readonly params: z.output<O['params']>;
  readonly query: z.output<O['query']>;
  readonly headers: z.output<O['headers']>;
  readonly body: BodyOf<O>;
  /** Null for operations that need no sign-in. */
  readonly identity: O['access'] extends 'public' | 'login' ? null : Identity;
  /** Aborts when the client has gone or the service begins to stop: there is no use in waiting any longer. */
  readonly ending: AbortSignal;
  /** The one of these media types that the client likes best; the first if it likes none. */
  readonly prefers: (types: readonly [string, ...string[]]) => string;
}

export type Handler<O extends Operation> = (call: Call<O>) => Promise<Reply> | Reply;

/** A handler for every operation; a missing one is a type error. */
export type Handlers = { readonly [K in OperationId]: Handler<(typeof OPERATIONS)[K]> };
