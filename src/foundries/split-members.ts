import { CountersignError } from '../errors.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

export interface MemberLimits {
  /** The longest member: its name, its value and what stands around them. */
  readonly maxMemberBytes: number;
  readonly maxMembers: number;
}

/**
 * Cuts the text of one JSON object into its members while it arrives, so that never more than one of them is held. Each comes out
 * as the text of an object with that member alone: the text as a whole is JSON exactly if each of these is, and has one member. That
 * is for whoever parses them to find out, as is a name that comes twice; here only strings and brackets are looked at.
 *
 * @param chunks the text in UTF-8, cut anywhere
 * @throws JSON_INVALID no object, unfinished, or something behind it; JSON_TOO_LARGE beyond the limits
 */
export async function* splitMembers(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limits: MemberLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const member = new MemberText(limits);
  /** Of brackets: 0 before the object and after it, 1 between its members. */
  let depth = 0;
  let place: 'before' | 'inside' | 'string' | 'escape' | 'after' = 'before';
  let offset = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (place === 'string') {
        while (at < chunk.length && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH) at += 1;
        if (chunk[at] === QUOTE) place = 'inside';
        else if (chunk[at] === BACKSLASH) place = 'escape';
      } else if (place === 'escape') {
        place = 'string';
      } else if (place === 'inside') {
        if (byte === QUOTE) {
          place = 'string';
        } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
          depth += 1;
        } else if (byte === COMMA && depth === 1) {
          member.add(chunk.subarray(start, at));
          start = at + 1;
          yield member.take();
        } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
          depth -= 1;
          if (depth > 0) continue;
          if (byte === CLOSE_BRACKET) throw notJson(offset + at);
          member.add(chunk.subarray(start, at));
          start = at + 1;
          place = 'after';
          if (!member.isOnlyOne || !member.isBlank) yield member.take();
        }
      } else if (place === 'before' && byte === OPEN_BRACE) {
        place = 'inside';
        depth = 1;
        start = at + 1;
      } else if (!isBlank(byte)) {
        throw notJson(offset + at);
      }
    }
    if (depth > 0) member.add(chunk.subarray(start));
    offset += chunk.length;
  }
  if (place !== 'after') throw notJson(offset);
}

/** The text of the member that is arriving. */
class MemberText {
  #pieces: Uint8Array[] = [];
  #length = 0;
  #taken = 0;

  constructor(private readonly limits: MemberLimits) {}

  get isOnlyOne(): boolean {
    return this.#taken === 0;
  }

  get isBlank(): boolean {
    return this.#pieces.every((piece) => piece.every(isBlank));
  }

  add(piece: Uint8Array): void {
    this.#length += piece.length;
    const { maxMemberBytes } = this.limits;
    if (this.#length > maxMemberBytes) throw tooLarge(`one member has more than ${maxMemberBytes} bytes`);
    // copied when it is taken: a view would keep everything that arrived with it in memory
    if (piece.length > 0) this.#pieces.push(piece);
  }

  /** Copied, so that it may be kept without all that arrived with it. */
  take(): Buffer {
    this.#taken += 1;
    const { maxMembers } = this.limits;
    if (this.#taken > maxMembers) throw tooLarge(`it has more than ${maxMembers} members`);
    const text = Buffer.concat([Buffer.from('{'), ...this.#pieces, Buffer.from('}')]);
    this.#pieces = [];
    this.#length = 0;
    return text;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function notJson(offset: number): CountersignError {
  return new CountersignError('JSON_INVALID', `not one JSON object: byte ${offset}`, {
    pointer: '',
    details: { offset },
  });
}

function tooLarge(what: string): CountersignError {
  return new CountersignError('JSON_TOO_LARGE', what, { pointer: '' });
}
