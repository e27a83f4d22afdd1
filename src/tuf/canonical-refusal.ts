import { CountersignError, type ErrorCode } from '../errors.js';
import { pointerTo } from './json.js';
import { BACKSLASH, QUOTE } from './safe-characters.js';

export type RefusalCode = Extract<
  ErrorCode,
  'JSON_INVALID' | 'JSON_DUPLICATE_KEY' | 'JSON_TOO_DEEP' | 'JSON_TOO_LARGE' | 'CANONICAL_UNSAFE' | 'NOT_CANONICAL'
>;

/**
 * The error for what stands at byte `offset`. The pointer names the value that is being read there; in a
 * member's name that is the object, because the name may be what is broken.
 */
export function refusalAt(input: Buffer, offset: number, code: RefusalCode, reason: string): CountersignError {
  return refusal(code, pointerAt(input, offset), reason, offset);
}

/** The same for a member whose name is sound JSON but not allowed; `offset` is the name's opening quote. */
export function memberRefusalAt(input: Buffer, offset: number, code: RefusalCode, reason: string): CountersignError {
  const name = decodeName(input, offset);
  return refusal(code, pointerTo(pointerAt(input, offset), name), reason, offset);
}

function refusal(code: RefusalCode, pointer: string, reason: string, offset: number): CountersignError {
  const place = pointer === '' ? 'the document' : pointer;
  return new CountersignError(code, `${place}: ${reason} (byte ${offset})`, { pointer, details: { offset } });
}

/**
 * JSON pointer (RFC 6901) of the value that is open at byte `offset`. Runs only when something is
 * refused, over bytes that the scanner has read: up to `offset` they are sound.
 */
function pointerAt(input: Buffer, offset: number): string {
  /** One entry per open container: an array's index, an object's member name, or null between members. */
  const path: (number | string | null)[] = [];
  for (let position = 0; position < offset; position++) {
    const top = path.length - 1;
    const inside = path[top];
    switch (input[position] ?? 0) {
      case 0x7b: // {
        path.push(null);
        break;
      case 0x5b: // [
        path.push(0);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        path.pop();
        break;
      case 0x2c: // ,
        path[top] = typeof inside === 'number' ? inside + 1 : null;
        break;
      case QUOTE: {
        const end = stringEnd(input, position);
        if (inside === null && end <= offset) path[top] = decodeName(input, position);
        position = end - 1;
        break;
      }
      default: // scalars, white space and colons do not move the path
    }
  }
  return path.reduce<string>((pointer, token) => (token === null ? pointer : pointerTo(pointer, token)), '');
}

function decodeName(input: Buffer, quote: number): string {
  const text = input.toString('latin1', quote, stringEnd(input, quote));
  return String(JSON.parse(text)); // the slice is a string literal that the scanner accepted
}

/** Where the string that opens at `quote` ends: the offset after its closing quote, or of the input's end. */
function stringEnd(input: Buffer, quote: number): number {
  let position = quote + 1;
  while (position < input.length && input[position] !== QUOTE) position += input[position] === BACKSLASH ? 2 : 1;
  return position + 1;
}
