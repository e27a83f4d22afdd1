import { z } from 'zod';
import type { Operation } from './operation.js';
import { factoryParams, noHeaders, nothing } from './operation-parts.js';
import { registerRequestKeysBodySchema, requestKeyIdText, requestKeyListSchema } from './schemas/request-keys.js';
import { MEDIA_TYPES } from './wire.js';

const list = { [MEDIA_TYPES.json]: requestKeyListSchema };

/** The part of the API that is about the keys by which fioctl's users ask. */
export const REQUEST_KEY_OPERATIONS = {
  registerRequestKeys: {
    method: 'post',
    path: '/v1/factories/{factory}/request-keys',
    summary: 'Register request keys of whoever calls',
    group: 'Request keys',
    access: 'request',
    params: factoryParams,
    query: nothing,
    headers: z.object({
      'osf-token': z
        .string()
        .regex(/^[\x21-\x7e]{1,4096}$/, 'must be 1 to 4096 printable ASCII characters without blanks')
        .meta({
          description: 'The caller’s own token for the Factory: it is asked once whose it is, and kept nowhere',
        }),
    }),
    body: { schema: registerRequestKeysBodySchema, as: 'form' },
    answers: { 200: { description: 'The set', content: list } },
    problems: [404, 409, 422, 502, 503],
  },
  listRequestKeys: {
    method: 'get',
    path: '/v1/factories/{factory}/request-keys',
    summary: 'All request keys of a Factory, revoked ones too',
    group: 'Request keys',
    access: 'read',
    params: factoryParams,
    query: nothing,
    headers: noHeaders,
    body: null,
    answers: { 200: { description: 'In the order of their registration', content: list } },
    problems: [],
  },
  revokeRequestKeys: {
    method: 'post',
    path: '/v1/request-keys/{id}/revocation',
    summary: 'Revoke a set for good, and cancel what was asked for with it and is not signed',
    group: 'Request keys',
    access: 'request',
    params: z.strictObject({ id: requestKeyIdText }),
    query: nothing,
    headers: noHeaders,
    body: null,
    answers: { 200: { description: 'The set, revoked', content: list } },
    problems: [404],
  },
} as const satisfies Record<string, Operation>;
