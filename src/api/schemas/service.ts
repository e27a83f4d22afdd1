import { z } from 'zod';
import { sha256Text } from './text.js';

export const keyListSchema = z
  .object({
    items: z.array(
      z.object({
        keyid: z.string(),
        keytype: z.string(),
        role: z.string(),
        factory: z.string().optional(),
        token: z.object({ label: z.string(), serial: z.string() }),
        public: z.looseObject({ keytype: z.string(), keyval: z.looseObject({ public: z.string() }) }),
        ckaId: z.string(),
        attributes: z.record(z.string(), z.boolean().nullable()),
        state: z.string(),
      }),
    ),
  })
  .meta({ id: 'KeyList', description: 'Keys in the tokens, as the signer tells them' });
export type KeyListWire = z.output<typeof keyListSchema>;

export const policyViewSchema = z
  .object({
    version: z.int(),
    sha256: sha256Text.meta({ description: 'Of the canonical bytes of `policy`' }),
    policy: z.looseObject({ _type: z.string(), version: z.int() }),
    signatures: z.array(z.object({ person: z.string(), sshsig: z.string() })),
  })
  .meta({ id: 'Policy', description: 'The policy in force' });
export type PolicyWire = z.output<typeof policyViewSchema>;

export const eventListSchema = z
  .object({
    items: z.array(
      z.object({
        seq: z.int(),
        at: z.string(),
        actor: z.string(),
        type: z.string(),
        request: z.string().nullable(),
        details: z.record(z.string(), z.unknown()),
        prev: z.string(),
        hash: z.string(),
      }),
    ),
    next: z.int().nullable().meta({ description: 'Give it as `after` for the next page' }),
  })
  .meta({ id: 'EventList', description: "The service's hash-chained log, oldest first" });
export type EventListWire = z.output<typeof eventListSchema>;

export const healthSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

export const readinessSchema = z
  .object({
    ready: z.boolean(),
    checks: z.array(
      z.object({
        name: z.string().meta({ example: 'signer' }),
        subject: z.string().optional(),
        ok: z.boolean(),
        code: z.string().optional(),
        message: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'Readiness' });
export type ReadinessWire = z.output<typeof readinessSchema>;
