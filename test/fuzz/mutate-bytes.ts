import type { Random } from '../support/random.js';

/** What readers of JSON, lines, base64 and HTTP look for, and what trips them. */
const TOKENS = [
  ...['{', '}', '[', ']', ':', ',', '"', '\\', '""', '{}', '[]', '\n', '\r\n', '\t', ' ', '\0', '\u007f', '\ufeff'],
  ...['null', 'true', 'false', '-0', '0', '1e3', '0.5', '-1', '9007199254740991', '9007199254740992', '01', '1E400'],
  ...['\\u0000', '\\ud800', '\\udc00', '\\u00e9', '\\/', '\\b', '\\x', '\\u', 'é', '\u202e', '\u2028', '😀', '<&>'],
  ...['"__proto__":1,', '"toJSON":1,', '"constructor":{},', '"a":1,"a":1,', '=', '==', '-----', 'ssh-rsa '],
  ...['Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n\r\n', 'Expect: 100-continue\r\n', 'Prefer: wait=9\r\n'],
  ...['%', '%00', '%2e%2e%2f', '../', '?', '&', ';', '#', '//', '*'],
].map((token) => Buffer.from(token));

const NUMBERS = ['0', '-0', '-1', '1', '2', '9007199254740992', '99999999999999999999', '1.5', '1e9', '4294967296', ''];

/** One input in so many is made large, which costs as much as many small ones. */
const ONE_IN_LARGE = 400;
const LARGE = 64 * 1024;

/** A copy of `bytes` with one to four things wrong with it. `others` are where foreign pieces come from. */
export function mutateBytes(random: Random, bytes: Buffer, others: readonly Buffer[]): Buffer {
  let mutated = bytes;
  for (let edits = 1 + random(4); edits > 0; edits--) mutated = edited(random, mutated, others);
  return mutated;
}

function edited(random: Random, bytes: Buffer, others: readonly Buffer[]): Buffer {
  const at = random(bytes.length + 1);
  const length = random(Math.min(bytes.length - at, random(8) === 0 ? bytes.length : 16) + 1);
  const piece = bytes.subarray(at, at + length);
  switch (random(11)) {
    case 0:
      return flipped(random, bytes);
    case 1:
      return replaced(bytes, at, 1, Buffer.from([random(256)]));
    case 2:
      return replaced(bytes, at, random(2) * length, TOKENS[random(TOKENS.length)] ?? piece);
    case 3:
      return replaced(bytes, at, length, Buffer.alloc(0));
    case 4: // the piece stands twice, at the same place or at another
      return replaced(bytes, random(2) === 0 ? at : random(bytes.length + 1), 0, piece);
    case 5:
      return replaced(bytes, at, length, pieceOf(random, others));
    case 6: // one half of this, one of another
      return Buffer.concat([bytes.subarray(0, at), tailOf(random, others)]);
    case 7:
      return random(4) === 0 ? bytes.subarray(0, at) : replaced(bytes, at, length, Buffer.from(piece).reverse());
    case 8:
      return otherNumber(random, bytes, at);
    case 9: {
      const nest = random(2) === 0 ? '[' : '{"a":';
      return replaced(bytes, at, 0, Buffer.from(nest.repeat(sizeOf(random) / 4)));
    }
    default:
      return replaced(bytes, at, 0, Buffer.alloc(sizeOf(random), bytes[at] ?? 0x61));
  }
}

function sizeOf(random: Random): number {
  return random(ONE_IN_LARGE) === 0 ? LARGE : random(300);
}

function replaced(bytes: Buffer, at: number, length: number, by: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)]);
}

function flipped(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  const copy = Buffer.from(bytes);
  const at = random(copy.length);
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << random(8)), at);
  return copy;
}

/** Puts another number in the place of the first one after `at`. */
function otherNumber(random: Random, bytes: Buffer, at: number): Buffer {
  const digits = /\d+/.exec(bytes.toString('latin1', at));
  const number = Buffer.from(NUMBERS[random(NUMBERS.length)] ?? '0');
  return digits === null ? bytes : replaced(bytes, at + digits.index, digits[0].length, number);
}

function pieceOf(random: Random, others: readonly Buffer[]): Buffer {
  const other = others[random(others.length)] ?? Buffer.alloc(0);
  const at = random(other.length + 1);
  return other.subarray(at, at + random(64));
}

function tailOf(random: Random, others: readonly Buffer[]): Buffer {
  const other = others[random(others.length)] ?? Buffer.alloc(0);
  return other.subarray(random(other.length + 1));
}
