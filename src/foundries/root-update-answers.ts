import { z } from 'zod';
import type { BegunRootUpdate, FactoryRoots, RootUpdateStatus } from '../signing/index.js';
import { canonicalize } from '../tuf/index.js';
import { guard, invalid, json, keyOf, parse } from './answers.js';

/**
 * What the Factory answers about a root update. Every function throws FACTORY_ANSWER_INVALID and nothing else, and never quotes
 * what was answered: it may hold the transaction's secret or a private key.
 */

const onlineKeysSchema = z
  .looseObject({ targets: z.string().optional(), snapshot: z.string().optional(), timestamp: z.string().optional() })
  .nullish();
const rootsSchema = z.looseObject({
  'ci-root': z.string().nullish(),
  'prod-root': z.string().nullish(),
  'online-keys': onlineKeysSchema,
});
const messagesSchema = z.array(z.looseObject({ message: z.string() })).nullish();
const statusSchema = z.looseObject({
  status: z.string(),
  current: rootsSchema,
  updated: rootsSchema.nullish(),
  'change-meta': z.looseObject({ 'created-by': z.string().nullish(), 'created-at': z.string().nullish() }).nullish(),
  amendments: messagesSchema,
  issues: z.looseObject({ errors: messagesSchema, warnings: messagesSchema }).nullish(),
});
const begunSchema = z.looseObject({
  txid: z.string(),
  'first_root.sec': z.looseObject({ keytype: z.string(), keyval: z.looseObject({ private: z.string() }) }).optional(),
  'first_root.pub': z.looseObject({}).optional(),
});

export function rootUpdateOf(body: Buffer, where: string): RootUpdateStatus {
  const answer = parse(statusSchema, json(body, where), where);
  const current = rootsOf(answer.current, where);
  if (current === null) throw invalid(where, 'no CI root is in it', '/current/ci-root');
  const updated = answer.status === 'NONE' || answer.updated == null ? null : rootsOf(answer.updated, where);
  const { 'change-meta': begun } = answer;
  return {
    status: answer.status,
    current,
    updated,
    begun: { by: textOf(begun?.['created-by']), at: textOf(begun?.['created-at']) },
    amendments: messagesOf(answer.amendments),
    errors: messagesOf(answer.issues?.errors),
    warnings: messagesOf(answer.issues?.warnings),
  };
}

export function begunOf(body: Buffer, where: string): BegunRootUpdate {
  const answer = parse(begunSchema, json(body, where), where);
  const { txid, 'first_root.sec': secret, 'first_root.pub': publicKey } = answer;
  if (secret === undefined || publicKey === undefined) return { txid, firstRoot: null };
  return {
    txid,
    firstRoot: {
      keytype: secret.keytype,
      private: secret.keyval.private,
      public: keyOf(Buffer.from(JSON.stringify(publicKey)), where),
    },
  };
}

function rootsOf(roots: z.output<typeof rootsSchema>, where: string): FactoryRoots | null {
  const { 'ci-root': ci, 'prod-root': production, 'online-keys': online } = roots;
  if (ci == null || ci === '') return null;
  const { targets, snapshot, timestamp } = online ?? {};
  return {
    ci: rootOf(ci, where),
    production: production == null || production === '' ? null : rootOf(production, where),
    onlineKeys: {
      ...(targets === undefined ? {} : { targets }),
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(timestamp === undefined ? {} : { timestamp }),
    },
  };
}

/** A root stands in the answer as a JSON string. */
function rootOf(text: string, where: string): Buffer {
  return guard(where, () => canonicalize(Buffer.from(text, 'utf8')));
}

function messagesOf(messages: z.output<typeof messagesSchema>): string[] {
  return (messages ?? []).map(({ message }) => message);
}

function textOf(text: string | null | undefined): string | null {
  return text === undefined || text === null || text === '' ? null : text;
}
