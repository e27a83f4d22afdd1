import type { z } from 'zod';

/**
 * Who may call an operation: anybody (`public`; `login` counts more strictly against the caller's address),
 * a bearer of that scope, or only a session made by a sign-in.
 */
export type Access = 'public' | 'login' | 'read' | 'request' | 'decide' | 'session';

export interface AnswerSpec {
  readonly description: string;
  /** Media type to schema; left out for an answer without a body. */
  readonly content?: Readonly<Record<string, z.ZodType>>;
  /** Header name to description. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation of the API, as the router, the document, the client and the tests read it. */
export interface Operation {
  readonly method: 'get' | 'post';
  /** OpenAPI path template. */
  readonly path: string;
  readonly summary: string;
  readonly group: 'Requests' | 'Decisions' | 'Login' | 'Request keys' | 'Service';
  readonly access: Access;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Headers that the operation reads, by their names in lower case. */
  readonly headers: z.ZodObject;
  /** `bytes`: the handler takes the body as it was sent, and it may be as large as the service allows. */
  readonly body: { readonly schema: z.ZodType; readonly as: 'form' | 'bytes'; readonly optional?: boolean } | null;
  /** Answers besides the problems that every operation may give. */
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** Statuses of problems that are particular to it. */
  readonly problems: readonly number[];
}
