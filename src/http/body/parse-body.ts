import { CountersignError } from '../../errors.js';
import { splitMembers } from './split-members.js';

/** More than any form of this API needs; only `rawMember` may be larger. */
const MAX_FORM_BYTES = 256 * 1024;

export interface ParsedBody {
  /** The object without the raw member. */
  readonly value: Readonly<Record<string, unknown>>;
  /** The raw member's own bytes as sent (a view into the body), null when it is absent. */
  readonly raw: Buffer | null;
}

/**
 * Parses a JSON body. With `rawMember`, that member is cut out as bytes and not parsed here: documents
 * that are to be signed go to the strict parser of their own format, while a `reason` beside them may
 * hold any Unicode. Cutting is safe because the rest, with `null` in the gap, is parsed as JSON and the
 * cut bytes have to be parsed by the caller: both being JSON, the whole was.
 *
 * @throws JSON_INVALID (also for bytes that are not UTF-8), JSON_DUPLICATE_KEY, JSON_TOO_DEEP, INPUT_INVALID
 *   when it is not an object, BODY_TOO_LARGE when the members besides the raw one exceed 256 KiB
 */
export function parseBody(bytes: Buffer, rawMember: string | null = null): ParsedBody {
  const members = splitMembers(bytes, rawMember);
  const cut = members.find((member) => member.name === rawMember);
  if (cut === undefined) return { value: parseForm(bytes), raw: null };
  const form = Buffer.concat([bytes.subarray(0, cut.valueStart), Buffer.from('null'), bytes.subarray(cut.valueEnd)]);
  const value = Object.fromEntries(Object.entries(parseForm(form)).filter(([name]) => name !== cut.name));
  return { value, raw: bytes.subarray(cut.valueStart, cut.valueEnd) };
}

function parseForm(form: Buffer): Record<string, unknown> {
  if (form.length > MAX_FORM_BYTES) {
    throw new CountersignError('BODY_TOO_LARGE', `the body is larger than ${MAX_FORM_BYTES} bytes`);
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(form);
    const value: unknown = JSON.parse(text);
    // splitMembers has seen that it is an object; the copy is for the type
    return { ...(value as object) };
  } catch (error) {
    throw new CountersignError('JSON_INVALID', 'the body is not JSON in UTF-8', {
      hint: 'Send one JSON object in UTF-8 (RFC 8259).',
      cause: error,
    });
  }
}
