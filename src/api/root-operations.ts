import { z } from 'zod';
import type { Operation } from './operation.js';
import { factoryParams, idempotencyKey, json, noHeaders, nothing, requestParams } from './operation-parts.js';
import {
  externalSignaturesBodySchema,
  importedSignaturesBodySchema,
  rootChainsSchema,
  rootTransactionSchema,
  submitRootUpdateBodySchema,
} from './schemas/root-updates.js';
import { requestViewSchema, submissionSchema } from './schemas/requests.js';

/** The part of the API that is about roots. */
export const ROOT_OPERATIONS = {
  submitRootUpdate: {
    method: 'post',
    path: '/v1/factories/{factory}/root-updates',
    summary: 'Ask for a change of the roots, by intentions or as the unsigned roots themselves',
    group: 'Requests',
    access: 'request',
    params: factoryParams,
    query: nothing,
    headers: z.object({
      'idempotency-key': idempotencyKey,
    }),
    body: { schema: submitRootUpdateBodySchema, as: 'bytes' },
    answers: {
      200: { description: 'With `dryRun`: what would be signed', content: json(submissionSchema) },
      202: {
        description: 'The request waits for its officers',
        content: json(submissionSchema),
        headers: { Location: 'The request', 'Retry-After': 'Seconds' },
      },
    },
    problems: [404, 409, 413, 422, 502, 503],
  },
  addExternalSignatures: {
    method: 'post',
    path: '/v1/requests/{id}/external-signatures',
    summary: 'Hand in signatures of the root keys outside of all tokens that the request retires',
    group: 'Requests',
    access: 'request',
    params: requestParams,
    query: nothing,
    headers: noHeaders,
    body: { schema: externalSignaturesBodySchema, as: 'form' },
    answers: { 200: { description: 'The request with the signatures', content: json(requestViewSchema) } },
    problems: [404, 409, 422],
  },
  importSignatures: {
    method: 'post',
    path: '/v1/requests/{id}/signatures',
    summary: 'Hand in what another signer has signed, at a machine without a network',
    group: 'Requests',
    access: 'request',
    params: requestParams,
    query: nothing,
    headers: noHeaders,
    body: { schema: importedSignaturesBodySchema, as: 'bytes' },
    answers: { 200: { description: 'The request with the signatures', content: json(requestViewSchema) } },
    problems: [404, 409, 413, 422],
  },
  getRoots: {
    method: 'get',
    path: '/v1/factories/{factory}/roots',
    summary: 'All roots that the Factory publishes, verified',
    group: 'Service',
    access: 'read',
    params: factoryParams,
    query: nothing,
    headers: noHeaders,
    body: null,
    answers: { 200: { description: 'Both chains', content: json(rootChainsSchema) } },
    problems: [404, 502, 503],
  },
  getRootTransaction: {
    method: 'get',
    path: '/v1/factories/{factory}/root-updates',
    summary: 'The root update that is under way at the Factory, ours or somebody else’s',
    group: 'Service',
    access: 'read',
    params: factoryParams,
    query: nothing,
    headers: noHeaders,
    body: null,
    answers: { 200: { description: 'As it is now', content: json(rootTransactionSchema) } },
    problems: [404, 502, 503],
  },
} as const satisfies Record<string, Operation>;
