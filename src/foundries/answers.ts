import { z } from 'zod';
import { CountersignError, isCountersignError } from '../errors.js';
import { canonicalize, encodeCanonical, parseCanonical, publicKeyObject, type Key } from '../tuf/index.js';
import type { WaveInfo } from '../signing/index.js';

/**
 * What the Factory's answers hold, taken out of their bodies. Documents (roots, targets metadata) leave here as the
 * canonical bytes of what was served, whatever surrounded them; anything else is looked at only as far as needed.
 * Every function throws FACTORY_ANSWER_INVALID and nothing else; `where` names the call in its message.
 */

const version = z.union([
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
  z.int().nonnegative(),
]);
const waveSchema = z.looseObject({ name: z.string(), version, tag: z.string(), status: z.string() });
const wavePageSchema = z.looseObject({ waves: z.array(waveSchema), next: z.unknown() });
const selfSchema = z.looseObject({
  'polis-id': z.string(),
  name: z.string().default(''),
  role: z.string().default(''),
  'effective-scopes': z.array(z.string()).nullish(),
});
const keySchema = z.looseObject({ keytype: z.enum(['RSA', 'ED25519']), keyval: z.looseObject({ public: z.string() }) });
const updatesSchema = z.looseObject({ status: z.string() });

/** A whole body that is one document. */
export function documentOf(body: Buffer, where: string): Buffer {
  return guard(where, () => canonicalize(body));
}

/** The document under `name` in an answer of the form `{name: document, ...}`; null if the answer has no such member. */
export function memberDocumentOf(body: Buffer, name: string, where: string): Buffer | null {
  return guard(where, () => {
    const { value } = parseCanonical(body);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notAnObject();
    if (!Object.hasOwn(value, name)) return null;
    const member = value[name];
    if (typeof member !== 'object' || member === null || Array.isArray(member)) throw notAnObject(`/${name}`);
    return encodeCanonical(member);
  });
}

export function waveOf(body: Buffer, where: string): WaveInfo {
  return toWaveInfo(parse(waveSchema, json(body, where), where));
}

/** One page of the list, and whether the Factory says that more follow. */
export function wavePageOf(body: Buffer, where: string): { waves: WaveInfo[]; more: boolean } {
  const page = parse(wavePageSchema, json(body, where), where);
  return { waves: page.waves.map(toWaveInfo), more: page.next !== null && page.next !== undefined && page.next !== '' };
}

export function selfOf(body: Buffer, where: string): { polisId: string; name: string; role: string; scopes: string[] } {
  const self = parse(selfSchema, json(body, where), where);
  return { polisId: self['polis-id'], name: self.name, role: self.role, scopes: self['effective-scopes'] ?? [] };
}

export function keyOf(body: Buffer, where: string): Key {
  return guard(where, () => {
    const key = parse(keySchema, parseCanonical(body).value, where);
    publicKeyObject(key);
    return key;
  });
}

/** `NONE`, `STARTED`, `APPLYING`, or whatever else the Factory calls the state of its root update. */
export function rootUpdateStatusOf(body: Buffer, where: string): string {
  return parse(updatesSchema, json(body, where), where).status;
}

/** A body of which nothing more is expected than that it is a JSON object. */
export function objectOf(body: Buffer, where: string): Record<string, unknown> {
  return parse(z.record(z.string(), z.unknown()), json(body, where), where);
}

function toWaveInfo(wave: z.output<typeof waveSchema>): WaveInfo {
  return { name: wave.name, version: wave.version, tag: wave.tag, status: wave.status, raw: wave };
}

export function json(body: Buffer, where: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw invalid(where, 'the answer is not JSON'); // the cause would quote the body
  }
}

export function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const pointer = (issue?.path ?? []).map((step) => `/${String(step)}`).join('');
  throw invalid(where, issue?.message ?? 'the answer has another form', pointer);
}

/** Keeps the pointer and the reason of what `tuf` refuses; the code says whose fault it is. */
export function guard<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isCountersignError(error) || error.code === 'FACTORY_ANSWER_INVALID') throw error;
    throw invalid(where, error.message, error.pointer, error);
  }
}

function notAnObject(pointer = ''): CountersignError {
  return new CountersignError('METADATA_INVALID', 'a JSON object is expected', { pointer });
}

export function invalid(where: string, what: string, pointer?: string, cause?: unknown): CountersignError {
  return new CountersignError('FACTORY_ANSWER_INVALID', `${where}: ${what}`, {
    ...(pointer === undefined ? {} : { pointer }),
    ...(cause === undefined ? {} : { cause }),
    hint: 'Is the URL that of the Factory API, and is nothing in between answering for it?',
  });
}
