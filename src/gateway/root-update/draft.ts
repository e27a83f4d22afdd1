import { z } from 'zod';
import { CountersignError } from '../../errors.js';
import { planRootUpdate, type ProposedRoots, type RootBase } from '../../factory/index.js';
import type { GatewayDraft } from '../../signing/index.js';
import { encodeCanonical, parseRoot, serializeMetadata, type Root } from '../../tuf/index.js';

const rootsSchema = z.strictObject({ ci: z.string(), production: z.string() });
const onlineRotationSchema = z.strictObject({
  roles: z.array(z.enum(['targets', 'snapshot', 'timestamp'])).min(1),
  keytype: z.enum(['ED25519', 'RSA']),
});
const contentSchema = z.strictObject({
  /** What fioctl calls the transaction; no secret, since whose a draft is says the caller's own Factory token. */
  txid: z.string(),
  message: z.string(),
  reason: z.string(),
  /** `YYYY-MM-DDTHH:MM:SSZ`. */
  began: z.string(),
  /** The roots in force when it was begun, and of the Factory's keys the one for targets. */
  base: rootsSchema.extend({ onlineTargetsKeyid: z.string() }),
  /** As they were put last, with the real keys in them where request keys had been shown; null: as they were begun. */
  put: rootsSchema.nullable(),
  /** Id of the request key that has signed the roots as they are now. */
  signedBy: z.string().nullable(),
  /** Targets documents that were to be signed though no offline key in force has. */
  adopt: z.strictObject({ tags: z.array(z.string()), waves: z.array(z.string()) }),
  online: onlineRotationSchema.nullable(),
  /** What was asked for by it, once it was. */
  request: z.string().nullable(),
});

/** What stands in a draft. */
export type DraftContent = z.output<typeof contentSchema>;
export type OnlineRotation = z.output<typeof onlineRotationSchema>;

/** A draft, read from the store. */
export interface Draft extends Omit<GatewayDraft, 'text'> {
  readonly content: DraftContent;
}

/** @throws STORE_FAILED it was edited by hand */
export function readDraft({ text, ...draft }: GatewayDraft): Draft {
  const content = contentSchema.safeParse(parseJson(text));
  if (content.success) return { ...draft, content: content.data };
  throw new CountersignError('STORE_FAILED', 'the table gateway_drafts holds a row that cannot be read');
}

export function writeDraft({ content, ...draft }: Draft): GatewayDraft {
  return { ...draft, text: JSON.stringify(content) };
}

/** The roots that a draft builds on. */
export function baseOf({ base }: Pick<DraftContent, 'base'>): RootBase {
  return { ci: readRoot(base.ci), production: readRoot(base.production), onlineTargetsKeyid: base.onlineTargetsKeyid };
}

/**
 * The roots that stand in a draft: as the Factory would stage them when it is begun, version and changelog included; later as
 * they were put.
 *
 * @throws as planRootUpdate: the roots in force are no base
 */
export function stagedOf({ content, polisId }: Pick<Draft, 'content' | 'polisId'>): ProposedRoots {
  if (content.put !== null) return { ci: readRoot(content.put.ci), production: readRoot(content.put.production) };
  const { message, began: timestamp } = content;
  const { ci, production } = planRootUpdate([{ op: 'changelog', polisId, message, timestamp }], baseOf(content));
  return { ci, production };
}

export function rootsToText({ ci, production }: ProposedRoots): { ci: string; production: string } {
  return { ci: encodeCanonical(ci).toString('utf8'), production: encodeCanonical(production).toString('utf8') };
}

/** A root as metadata, in JSON, that nobody has signed. */
export function unsigned(signed: Root): string {
  return JSON.stringify({ signatures: [], signed });
}

function readRoot(text: string): Root {
  return parseRoot(serializeMetadata({ signatures: [], signedBytes: Buffer.from(text, 'utf8') })).signed;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
