import { z } from 'zod';
import { BUNDLE_OPERATIONS } from './bundle-operations.js';
import type { Operation } from './operation.js';
import { factoryParams, idempotencyKey, json, noHeaders, nothing, requestParams } from './operation-parts.js';
import { REQUEST_KEY_OPERATIONS } from './request-key-operations.js';
import { ROOT_OPERATIONS } from './root-operations.js';
import { challengeBodySchema, challengeSchema, loginBodySchema, sessionSchema } from './schemas/login.js';
import {
  approvalBodySchema,
  cancellationBodySchema,
  diffSchema,
  rejectionBodySchema,
  requestListSchema,
  requestStateSchema,
  requestViewSchema,
  signedMetadataSchema,
  signedRootsSchema,
  submissionSchema,
} from './schemas/requests.js';
import { eventListSchema, healthSchema, keyListSchema, policyViewSchema, readinessSchema } from './schemas/service.js';
import { submitWaveBodySchema } from './schemas/waves.js';
import { MEDIA_TYPES } from './wire.js';

const prefer = z.string().max(1000).optional();
const preferWait = prefer.meta({
  description: '`wait=N`: answer when the request has come to its end, after N seconds at the latest',
});
const preferWaitForSigned = prefer.meta({
  description: '`wait=N`: answer as soon as it is signed, or never will be, after N seconds at the latest',
});
const filterText = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable ASCII characters')
  .optional();

function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^(?:0|[1-9]\d{0,15})$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));
}

const view = json(requestViewSchema);

/**
 * The API. The router registers exactly these, `/openapi.json` describes them, the client calls them.
 */
export const OPERATIONS = {
  ...ROOT_OPERATIONS,
  ...BUNDLE_OPERATIONS,
  ...REQUEST_KEY_OPERATIONS,
  submitWave: {
    method: 'post',
    path: '/v1/factories/{factory}/waves',
    summary: 'Ask for a Wave, as an intention or as the unsigned targets metadata itself',
    group: 'Requests',
    access: 'request',
    params: factoryParams,
    query: nothing,
    headers: z.object({
      prefer: preferWait,
      'idempotency-key': idempotencyKey,
    }),
    body: { schema: submitWaveBodySchema, as: 'bytes' },
    answers: {
      200: {
        description: 'With `Prefer: wait`: the signed metadata. With `dryRun`: what would be signed',
        content: json(z.union([signedMetadataSchema, submissionSchema])),
        headers: { Location: 'The request', 'Preference-Applied': '`wait=N` as it was granted' },
      },
      202: {
        description: 'The request waits for its officers',
        content: json(submissionSchema),
        headers: {
          Location: 'The request',
          'Retry-After': 'Seconds',
          'Preference-Applied': '`wait=N` as it was granted',
        },
      },
    },
    problems: [404, 409, 413, 422, 502, 503],
  },
  listRequests: {
    method: 'get',
    path: '/v1/requests',
    summary: 'Requests, newest first',
    group: 'Requests',
    access: 'read',
    params: nothing,
    query: z.strictObject({
      state: requestStateSchema.optional(),
      factory: filterText,
      tag: filterText.meta({ description: 'Waves and bundles of this tag' }),
      waitingFor: filterText.meta({ description: 'Open requests that this person neither asked for nor approved' }),
      limit: wholeNumber(1, 200).default(50),
      cursor: filterText.meta({ description: '`next` of the page before' }),
    }),
    headers: noHeaders,
    body: null,
    answers: { 200: { description: 'One page', content: json(requestListSchema) } },
    problems: [],
  },
  getRequest: {
    method: 'get',
    path: '/v1/requests/{id}',
    summary: 'One request',
    group: 'Requests',
    access: 'read',
    params: requestParams,
    query: nothing,
    headers: z.object({ prefer: preferWait }),
    body: null,
    answers: {
      200: {
        description: 'The request as it is now',
        content: view,
        headers: { 'Preference-Applied': '`wait=N` as it was granted' },
      },
    },
    problems: [404],
  },
  getStatement: {
    method: 'get',
    path: '/v1/requests/{id}/statement',
    summary: "The statement's exact bytes, which an approval signs",
    group: 'Requests',
    access: 'read',
    params: requestParams,
    query: nothing,
    headers: noHeaders,
    body: null,
    answers: {
      200: {
        description: 'Canonical JSON (RFC 8785)',
        content: json(z.looseObject({ _type: z.literal('countersign/statement') })),
        headers: {
          'X-Statement-Sha256': 'SHA-256 of the body, lower-case hex',
          'Content-Digest': 'The same (RFC 9530)',
        },
      },
    },
    problems: [404],
  },
  getDossier: {
    method: 'get',
    path: '/v1/requests/{id}/dossier',
    summary: 'Everything that is needed to judge the request, as JSON lines',
    group: 'Requests',
    access: 'read',
    params: requestParams,
    query: nothing,
    headers: noHeaders,
    body: null,
    answers: {
      200: { description: 'One JSON object a line', content: { [MEDIA_TYPES.dossier]: z.string() } },
    },
    problems: [404],
  },
  getEvidence: {
    method: 'get',
    path: '/v1/requests/{id}/evidence',
    summary: "The dossier of a signed request with the signer's journal about it, to be kept and verified later",
    group: 'Requests',
    access: 'read',
    params: requestParams,
    query: nothing,
    headers: noHeaders,
    body: null,
    answers: {
      200: { description: 'One JSON object a line', content: { [MEDIA_TYPES.dossier]: z.string() } },
    },
    problems: [404, 409, 503],
  },
  getDiff: {
    method: 'get',
    path: '/v1/requests/{id}/diff',
    summary: 'What the request changes',
    group: 'Requests',
    access: 'read',
    params: requestParams,
    query: nothing,
    headers: noHeaders,
    body: null,
    answers: {
      200: {
        description: 'JSON, or plain text for a terminal where `Accept` prefers it',
        content: { ...json(diffSchema), [MEDIA_TYPES.text]: z.string() },
      },
    },
    problems: [404],
  },
  getSigned: {
    method: 'get',
    path: '/v1/requests/{id}/signed',
    summary: 'The signed metadata',
    group: 'Requests',
    access: 'read',
    params: requestParams,
    query: nothing,
    headers: z.object({ prefer: preferWaitForSigned }),
    body: null,
    answers: {
      200: {
        description: 'Targets metadata with its signatures; of a root update both roots; of a bundle its file',
        content: json(z.union([signedMetadataSchema, signedRootsSchema])),
        headers: { 'Preference-Applied': '`wait=N` as it was granted' },
      },
    },
    problems: [404, 409],
  },
  approve: {
    method: 'post',
    path: '/v1/requests/{id}/approvals',
    summary: "Hand in an officer's signature over the statement",
    group: 'Decisions',
    access: 'decide',
    params: requestParams,
    query: nothing,
    headers: noHeaders,
    body: { schema: approvalBodySchema, as: 'form' },
    answers: { 200: { description: 'The request with the approval', content: view } },
    problems: [404, 409, 422],
  },
  reject: {
    method: 'post',
    path: '/v1/requests/{id}/rejections',
    summary: "Hand in an officer's signed rejection; it is final",
    group: 'Decisions',
    access: 'decide',
    params: requestParams,
    query: nothing,
    headers: noHeaders,
    body: { schema: rejectionBodySchema, as: 'form' },
    answers: { 200: { description: 'The request, closed', content: view } },
    problems: [404, 409, 422],
  },
  cancel: {
    method: 'post',
    path: '/v1/requests/{id}/cancellation',
    summary: 'Take a request back',
    group: 'Decisions',
    access: 'request',
    params: requestParams,
    query: nothing,
    headers: noHeaders,
    body: { schema: cancellationBodySchema, as: 'form', optional: true },
    answers: { 200: { description: 'The request, closed', content: view } },
    problems: [404, 409],
  },
  listKeys: {
    method: 'get',
    path: '/v1/keys',
    summary: 'Public keys of the tokens',
    group: 'Service',
    access: 'read',
    params: nothing,
    query: nothing,
    headers: noHeaders,
    body: null,
    answers: { 200: { description: 'As the signer tells them', content: json(keyListSchema) } },
    problems: [503],
  },
  getPolicy: {
    method: 'get',
    path: '/v1/policy',
    summary: 'The policy in force',
    group: 'Service',
    access: 'read',
    params: nothing,
    query: nothing,
    headers: noHeaders,
    body: null,
    answers: { 200: { description: 'Signed policy', content: json(policyViewSchema) } },
    problems: [],
  },
  listEvents: {
    method: 'get',
    path: '/v1/events',
    summary: 'Who asked, read, approved, rejected and delivered',
    group: 'Service',
    access: 'read',
    params: nothing,
    query: z.strictObject({
      after: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional().meta({ description: 'Number of the last event seen' }),
      limit: wholeNumber(1, 200).default(50),
    }),
    headers: noHeaders,
    body: null,
    answers: { 200: { description: 'One page, oldest first', content: json(eventListSchema) } },
    problems: [],
  },
  createChallenge: {
    method: 'post',
    path: '/v1/login/challenge',
    summary: 'Ask for a challenge to sign in with an SSH key',
    group: 'Login',
    access: 'login',
    params: nothing,
    query: nothing,
    headers: noHeaders,
    body: { schema: challengeBodySchema, as: 'form' },
    answers: { 200: { description: 'Good for one sign-in with that key', content: json(challengeSchema) } },
    problems: [],
  },
  login: {
    method: 'post',
    path: '/v1/login',
    summary: 'Sign in with the signed challenge',
    group: 'Login',
    access: 'login',
    params: nothing,
    query: nothing,
    headers: noHeaders,
    body: { schema: loginBodySchema, as: 'form' },
    answers: { 200: { description: 'A session', content: json(sessionSchema) } },
    problems: [401],
  },
  logout: {
    method: 'post',
    path: '/v1/logout',
    summary: 'End the session that calls',
    group: 'Login',
    access: 'session',
    params: nothing,
    query: nothing,
    headers: noHeaders,
    body: null,
    answers: { 204: { description: 'Ended' } },
    problems: [],
  },
  health: {
    method: 'get',
    path: '/healthz',
    summary: 'Whether the process answers',
    group: 'Service',
    access: 'public',
    params: nothing,
    query: z.looseObject({}),
    headers: noHeaders,
    body: null,
    answers: { 200: { description: 'It does', content: json(healthSchema) } },
    problems: [],
  },
  readiness: {
    method: 'get',
    path: '/readyz',
    summary: 'Whether store, signer, tokens, Factories and gateway can do their part',
    group: 'Service',
    access: 'public',
    params: nothing,
    query: z.looseObject({}),
    headers: noHeaders,
    body: null,
    answers: {
      200: { description: 'All can', content: json(readinessSchema) },
      503: { description: 'Something cannot; `checks` say what', content: json(readinessSchema) },
    },
    problems: [],
  },
  openapi: {
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    group: 'Service',
    access: 'public',
    params: nothing,
    query: z.looseObject({}),
    headers: noHeaders,
    body: null,
    answers: { 200: { description: 'OpenAPI 3.1', content: json(z.looseObject({ openapi: z.string() })) } },
    problems: [],
  },
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof OPERATIONS;
