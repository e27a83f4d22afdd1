/**
 * The characters on whose canonical form all verifiers agree (fioctl, devices, ota-tuf, RFC 8785):
 * printable ASCII without `<`, `>` and `&`, and the three control characters `\n`, `\r`, `\t`.
 * `<`, `>` and `&` are out because Go escapes them in members that it passes through.
 */

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;

/** Index is a byte. 1: may stand in a JSON string as it is, in the input and in the canonical form. */
export const PLAIN: Uint8Array = plainBytes();

/** The same for two bytes that follow each other. Index is the first byte + 256 × the second. */
export const PLAIN_PAIR: Uint8Array = plainPairs();

/** Characters of the subset that canonical form writes with a backslash, and the letter that follows it. */
export const ESCAPE_LETTERS: ReadonlyMap<number, number> = new Map([
  [0x09, 0x74], // \t
  [0x0a, 0x6e], // \n
  [0x0d, 0x72], // \r
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
]);

const SAFE_STRING = /^[\t\n\r\x20-\x25\x27-\x3b\x3d\x3f-\x7e]*$/;

export function isSafeString(text: string): boolean {
  return SAFE_STRING.test(text);
}

/** Why a character (a code point outside the subset) is refused, for people. */
export function whyUnsafe(codePoint: number): string {
  const name = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
  if (codePoint < 0x20 || codePoint === 0x7f) return `control character ${name}`;
  if (codePoint < 0x80)
    return `the character ${String.fromCodePoint(codePoint)} (${name}), which Go escapes and others do not`;
  if (codePoint >= 0xd800 && codePoint <= 0xdfff)
    return `the surrogate ${name}, which is no character by itself or not ASCII`;
  return `the non-ASCII character ${name}, which devices escape and others do not`;
}

function plainBytes(): Uint8Array {
  const table = new Uint8Array(256);
  table.fill(1, 0x20, 0x7f);
  for (const character of '<>&"\\') table[character.charCodeAt(0)] = 0;
  return table;
}

function plainPairs(): Uint8Array {
  const table = new Uint8Array(256 * 256);
  for (let pair = 0; pair < table.length; pair++) {
    const first = PLAIN[pair % 256] ?? 0;
    const second = PLAIN[Math.floor(pair / 256)] ?? 0;
    table[pair] = first * second;
  }
  return table;
}
