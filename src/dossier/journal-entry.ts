import { z } from 'zod';
import { sha256Schema, timeSchema } from '../approval/index.js';
import { CountersignError } from '../errors.js';
import { encodeText, parseText, sha256Hex } from '../tuf/index.js';

const documentSchema = z.looseObject({
  index: z.int().min(0),
  repository: z.string(),
  role: z.string(),
  tag: z.string().nullable(),
  version: z.int(),
  sha256: sha256Schema,
  length: z.int(),
});

const signature = { document: z.int().min(0), keyid: z.string(), method: z.string(), sig: z.string() };

const place = { seq: z.int().min(1), prev: sha256Schema, hash: sha256Schema, at: timeSchema };

/**
 * What an auditor needs of the journal's entries. Members that a later signer adds are let through: the hash covers
 * them, and evidence has to be readable for years.
 */
const entrySchema = z.discriminatedUnion('type', [
  z.looseObject({
    ...place,
    type: z.literal('intent'),
    factory: z.string(),
    kind: z.string(),
    id: z.string(),
    statement: sha256Schema,
    policy: z.int(),
    persons: z.array(z.string()),
    documents: z.array(documentSchema).min(1),
    /** How many lines right before it hold the rest of its documents. */
    parts: z.int().min(1).optional(),
  }),
  z.looseObject({
    ...place,
    type: z.literal('intent-part'),
    statement: sha256Schema,
    part: z.int().min(0),
    documents: z.array(documentSchema).min(1),
  }),
  z.looseObject({ ...place, type: z.literal('signature'), statement: sha256Schema, ...signature }),
  z.looseObject({
    ...place,
    type: z.literal('signatures'),
    statement: sha256Schema,
    signatures: z.array(z.looseObject(signature)).min(1),
  }),
]);
export type EvidenceEntry = z.output<typeof entrySchema>;

/** Room for as many documents or signatures as a signer puts into one line, with the longest names. */
const MAX_ENTRY_BYTES = 4 * 1024 * 1024;

/**
 * Reads one line of a signer's journal, whose `hash` has to be that of everything else in it.
 *
 * @param text canonical (RFC 8785), without its line feed
 * @throws EVIDENCE_INVALID
 */
export function parseJournalText(text: string): EvidenceEntry {
  try {
    const value = parseText(text, { lineFeeds: true, maxBytes: MAX_ENTRY_BYTES });
    const entry = entrySchema.parse(value);
    const { hash, ...unsealed } = entry;
    if (sha256Hex(encodeText(unsealed, { lineFeeds: true })) === hash) return entry;
  } catch (cause) {
    throw new CountersignError('EVIDENCE_INVALID', "a line of the signer's journal is no intent and no signature", {
      cause,
    });
  }
  throw new CountersignError('EVIDENCE_INVALID', "the hash of a line of the signer's journal is not its content's");
}
