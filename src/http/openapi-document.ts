import {
  OpenApiGeneratorV31,
  OpenAPIRegistry,
  type ResponseConfig,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { HEADERS, MEDIA_TYPES, OPERATIONS, problemSchema, type AnswerSpec, type Operation } from '../api/index.js';

type Document = ReturnType<OpenApiGeneratorV31['generateDocument']>;

const BEARER = 'bearer';

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The input is malformed; `pointer` names the member',
  401: 'No valid bearer token',
  403: 'Not allowed to this caller',
  404: 'Not there',
  409: 'Not possible in the present state',
  413: 'The body is too large',
  415: 'The body is not `application/json`',
  422: 'Well-formed, but it cannot be done; `code` says why',
  429: 'Too many requests; see `Retry-After`',
  502: 'The Factory refused or did not answer',
  503: 'The signer, a token or the store is not available',
};

/** The OpenAPI 3.1 document of exactly the operations that the router registers. */
export function createOpenApiDocument(options: { readonly publicUrl?: string }): Document {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', BEARER, {
    type: 'http',
    scheme: 'bearer',
    description: 'An API token, or the session of a sign-in',
  });
  for (const [operationId, operation] of Object.entries(OPERATIONS))
    registry.registerPath(route(operationId, operation));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Countersign',
      version: '1',
      description: 'Asks for, approves and signs offline TUF metadata of a FoundriesFactory.',
    },
    servers: [{ url: options.publicUrl ?? '/' }],
  });
}

function route(operationId: string, operation: Operation): RouteConfig {
  const { method, path, summary, group, access, params, query, headers, body, answers } = operation;
  const open = access === 'public' || access === 'login';
  return {
    operationId,
    method,
    path,
    summary,
    tags: [group],
    security: open ? [] : [{ [BEARER]: [] }],
    ...(access === 'public' || access === 'login' ? {} : { description: needed(access) }),
    request: {
      params,
      query,
      headers,
      ...(body === null
        ? {}
        : { body: { required: body.optional !== true, content: { [MEDIA_TYPES.json]: { schema: body.schema } } } }),
    },
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)])),
      ...Object.fromEntries(problemsOf(operation).map((status) => [status, problemOf(status)])),
    },
  };
}

function needed(access: Exclude<Operation['access'], 'public' | 'login'>): string {
  return access === 'session' ? 'Needs a sign-in.' : `Needs the scope \`${access}\`.`;
}

function answerOf({ description, content, headers = {} }: AnswerSpec): ResponseConfig {
  return {
    description,
    headers: headerObjects({ [HEADERS.requestId]: 'Names this request in the log', ...headers }),
    ...(content === undefined
      ? {}
      : { content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])) }),
  };
}

function problemOf(status: number): ResponseConfig {
  return {
    description: PROBLEMS[status] ?? 'Problem',
    headers: headerObjects({ [HEADERS.requestId]: 'Names this request in the log' }),
    content: { [MEDIA_TYPES.problem]: { schema: problemSchema } },
  };
}

function headerObjects(
  headers: Readonly<Record<string, string>>,
): Record<string, { description: string; schema: { type: 'string' } }> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  );
}

/** What the operation lists, and what its guards and its body reader can answer. */
function problemsOf({ access, body, answers, problems }: Operation): number[] {
  const guards = access === 'public' ? [429] : access === 'login' ? [429] : [401, 403, 429];
  const bodies = body === null ? [] : [413, 415];
  const statuses = new Set([400, ...guards, ...bodies, ...problems, 503]);
  return [...statuses].filter((status) => !(status in answers)).sort((left, right) => left - right);
}
