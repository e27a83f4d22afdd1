/** JSON of the safe subset as fast-check makes it, its canonical form by a plain reading of RFC 8785, and its other texts. */
import fc from 'fast-check';
import type { JsonValue } from '../../src/tuf/index.js';
import type { Random } from './random.js';

const SAFE = Array.from({ length: 0x7f }, (_, code) => String.fromCharCode(code)).filter(
  (character) => /[\t\n\r -~]/.test(character) && !/[<>&]/.test(character),
);
const safeString = fc.string({ unit: fc.constantFrom(...SAFE), maxLength: 12 });
export const memberName = fc
  .oneof(safeString, fc.constantFrom('a', 'b', 'ab', 'a/b', 'toJSON', 'constructor', '1', '10', '9', '_proto_'))
  .filter((name) => name !== '__proto__');
const scalar = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, false, 0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  fc.maxSafeInteger(),
  safeString,
);

/** Values of the safe subset. With few members documents stay small, so that many can be tried. */
export function valuesWithNames(names: fc.Arbitrary<string>, mostMembers = 40): fc.Arbitrary<JsonValue> {
  return fc.letrec<{ value: JsonValue; list: JsonValue; object: JsonValue }>((tie) => ({
    value: fc.oneof({ maxDepth: Math.min(5, mostMembers) }, scalar, tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: Math.min(6, mostMembers) }),
    object: fc
      .uniqueArray(fc.tuple(names, tie('value')), { maxLength: mostMembers, selector: ([name]) => name })
      .map((members) => Object.fromEntries(members)),
  })).value;
}

/** A plain reading of RFC 8785 for values in the subset; unlike json-canonicalize it sorts beside `toJSON` too. */
export function reference(json: JsonValue): string {
  if (Array.isArray(json)) return `[${json.map(reference).join(',')}]`;
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  const members = Object.keys(json).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${reference(json[name] ?? null)}`).join(',')}}`;
}

/** One of the many texts of a value: white space, another order of members, escapes where none are needed. */
export function writeLoosely(json: JsonValue, random: Random): string {
  const space = () => ['', '', '', ' ', '\n', '\r\n\t', '    '][random(7)] ?? '';
  const string = (text: string) => `"${Array.from(text, (character) => escapeLoosely(character, random)).join('')}"`;
  const write = (item: JsonValue): string => {
    if (typeof item === 'string') return string(item);
    if (typeof item !== 'object' || item === null) return JSON.stringify(item);
    if (Array.isArray(item)) return `[${space()}${item.map((one) => `${space()}${write(one)}${space()}`).join(',')}]`;
    const members = Object.entries(item).map((member) => ({ member, at: random(1000) }));
    members.sort((a, b) => a.at - b.at);
    const texts = members.map(
      ({ member: [name, of] }) => `${space()}${string(name)}${space()}:${space()}${write(of)}${space()}`,
    );
    return `{${texts.join(',')}${texts.length === 0 ? space() : ''}}`;
  };
  return `${space()}${write(json)}${space()}`;
}

function escapeLoosely(character: string, random: Random): string {
  if (random(5) === 0) {
    const digits = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${random(2) === 0 ? digits : digits.toUpperCase()}`;
  }
  if (character === '/' && random(2) === 0) return '\\/';
  return JSON.stringify(character).slice(1, -1);
}
