import { z } from 'zod';
import { parseWithSchema, sha256Schema, timeSchema } from '../approval/index.js';
import { CountersignError } from '../errors.js';
import { REPOSITORIES, tagSchema, waveNameSchema } from '../factory/index.js';

/** The format that this version reads and writes. */
export const DOSSIER_FORMAT = 1;

/** JSON can write a zero in two ways; a line that is written again must be the same one. */
const indexSchema = z
  .int()
  .min(0)
  .refine((index) => !Object.is(index, -0), 'is not -0');
const text = z.string();
const keyid = z.string().max(128);
const method = z.string().max(64);
const sig = z.string().max(8192);

const lineSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('dossier'), format: z.literal(DOSSIER_FORMAT) }),
  z.strictObject({ type: z.literal('policy'), text }),
  z.strictObject({ type: z.literal('root'), repository: z.enum(REPOSITORIES), text }),
  z.strictObject({ type: z.literal('statement'), text }),
  z.strictObject({ type: z.literal('approval'), sshsig: text }),
  z.strictObject({ type: z.literal('rejection'), text, sshsig: text }),
  z.discriminatedUnion('repository', [
    z.strictObject({ type: z.literal('targets'), repository: z.literal('ci'), text }),
    z.strictObject({ type: z.literal('targets'), repository: z.literal('production'), tag: tagSchema, text }),
  ]),
  z.strictObject({ type: z.literal('wave-targets'), wave: waveNameSchema, tag: tagSchema, text }),
  z.strictObject({ type: z.literal('bundle'), text }),
  z.strictObject({ type: z.literal('document'), index: indexSchema, text }),
  z.strictObject({ type: z.literal('external'), document: z.literal([0, 1]), keyid, method, sig }),
  z.strictObject({
    type: z.literal('signature'),
    document: indexSchema,
    keyid,
    method,
    sig,
    signedAt: timeSchema,
  }),
  z.strictObject({ type: z.literal('published-root'), repository: z.enum(REPOSITORIES), text }),
  z.strictObject({ type: z.literal('published'), text }),
  z.strictObject({ type: z.literal('journal'), text }),
  z.strictObject({
    type: z.literal('journal-hash'),
    seq: z.int().min(1),
    prev: sha256Schema,
    hash: sha256Schema,
  }),
  // what follows is the journal of another signer
  z.strictObject({ type: z.literal('next-journal') }),
]);

/** One line of a dossier. Documents stand as strings, so that their exact bytes survive any JSON tool. */
export type DossierLine = z.infer<typeof lineSchema>;

/** A signature that the signer made. `signedAt` is its journalled time: its claim. */
export type SignatureLine = Extract<DossierLine, { type: 'signature' }>;
/** A signature over a root (0: CI, 1: production) by a key that the new roots no longer name and no token holds. */
export type ExternalLine = Extract<DossierLine, { type: 'external' }>;
/**
 * A line of the signer's journal: `journal` word for word, `journal-hash` only its place in the chain, because what it
 * says belongs to another request.
 */
export type JournalLine = Extract<DossierLine, { type: 'journal' | 'journal-hash' }>;
export type RejectionLine = Extract<DossierLine, { type: 'rejection' }>;

const BEFORE_TEXT = ',"text":"';

/**
 * Parses one line, with or without its line feed.
 *
 * @param number of the line, from 1, for messages
 * @throws DOSSIER_INVALID not JSON, or not a line of a dossier
 * @throws DOSSIER_FORMAT_UNKNOWN a dossier of another version
 */
export function parseDossierLine(line: string, number: number): DossierLine {
  const value = parseFlatObject(line, number);
  if (value['type'] === 'dossier' && typeof value['format'] === 'number' && value['format'] !== DOSSIER_FORMAT) {
    throw new CountersignError('DOSSIER_FORMAT_UNKNOWN', `the dossier is of format ${value['format']}`, {
      pointer: '/format',
      hint: `This version reads format ${DOSSIER_FORMAT}.`,
    });
  }
  return parseWithSchema(lineSchema, value, { code: 'DOSSIER_INVALID', what: `line ${number} of the dossier` });
}

function parseFlatObject(line: string, number: number): Record<string, unknown> {
  return parseWithTextLast(line) ?? parseMembers(line, number);
}

/**
 * A line as `formatLine` writes it, with a member `text` at its end, in parts: what stands before the text, and the text by itself. So
 * the text, which may be tens of megabytes long, is gone through once. Null for any other line: the whole of it has to be looked at.
 */
function parseWithTextLast(line: string): Record<string, unknown> | null {
  const start = line.indexOf(BEFORE_TEXT);
  if (start === -1 || !line.endsWith('"}')) return null;
  try {
    const members = parseMembers(`${line.slice(0, start)}}`, 0);
    const value: unknown = JSON.parse(line.slice(start + BEFORE_TEXT.length - 1, -1));
    if (typeof value !== 'string' || Object.hasOwn(members, 'text') || Object.keys(members).length === 0) return null;
    return { ...members, text: value };
  } catch {
    return null;
  }
}

function parseMembers(line: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw invalidLine(number, 'is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidLine(number, 'is no JSON object');
  // JSON.parse keeps the last of two members of one name, other readers the first. A flat object has
  // exactly one colon outside its strings for each member, so this tells.
  if (countColonsOutsideStrings(line) !== Object.keys(value).length) {
    throw invalidLine(number, 'has a member twice or nested values');
  }
  return { ...value };
}

/** For text that JSON.parse accepted. Jumps from string to string: a line may be tens of megabytes long. */
function countColonsOutsideStrings(line: string): number {
  let colons = 0;
  let position = 0;
  while (position < line.length) {
    const quote = line.indexOf('"', position);
    const end = quote === -1 ? line.length : quote;
    for (let index = position; index < end; index += 1) if (line[index] === ':') colons += 1;
    position = quote === -1 ? end : endOfString(line, quote);
  }
  return colons;
}

/** The position after the string that begins at `quote`. */
function endOfString(line: string, quote: number): number {
  let close = line.indexOf('"', quote + 1);
  while (close !== -1 && isEscaped(line, close)) close = line.indexOf('"', close + 1);
  return close === -1 ? line.length : close + 1;
}

function isEscaped(line: string, position: number): boolean {
  let backslashes = 0;
  while (line[position - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function invalidLine(number: number, why: string): CountersignError {
  return new CountersignError('DOSSIER_INVALID', `line ${number} of the dossier ${why}`, { details: { line: number } });
}
