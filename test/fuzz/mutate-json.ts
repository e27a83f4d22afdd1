import type { JsonObject, JsonValue } from '../../src/tuf/index.js';
import { reference } from '../support/json-texts.js';
import type { Random } from '../support/random.js';

/** Values that are of the wrong type, at a border, or hostile, wherever they stand. */
const VALUES: readonly JsonValue[] = [
  ...[null, true, false, 0, 1, -1, 2, 1.5, 2 ** 31, 2 ** 53 - 1, 2 ** 53, -(2 ** 53)],
  ...['', ' ', 'a', 'constructor', 'x'.repeat(300), 'é', '\u0000', '\n', '\u202e', '\ud800', '0'.repeat(64)],
  ...['2026-11-22T16:00:00Z', '2026-02-30T00:00:00Z', '0000-01-01T00:00:00Z', 'https://x', 'acme', '..', '-', '<b>'],
  [],
  [null],
  {},
  { a: 1 },
];
const NAMES = ['', 'a', 'toJSON', 'constructor', 'hasOwnProperty', 'length', 'é', '\u0000', 'x'.repeat(600), '_type'];

/** One list in so many grows to that length, which costs as much as many small inputs. */
const MANY = 100;

/** A copy of `value` with one thing in it taken away, doubled, moved or replaced. */
export function mutateJson(random: Random, value: JsonValue): JsonValue {
  if (typeof value === 'string') return random(2) === 0 ? mutateText(random, value) : other(random);
  if (typeof value === 'number') return random(2) === 0 ? value + random(5) - 2 : other(random);
  if (typeof value !== 'object' || value === null) return other(random);
  const members = Object.entries(value);
  // mostly something further down: there are more places there
  if (members.length > 0 && random(8) !== 0) {
    const at = random(members.length);
    const changed = members.map(([name, of], index): Member => [name, index === at ? mutateJson(random, of) : of]);
    return Array.isArray(value) ? changed.map(([, of]) => of) : objectOf(changed);
  }
  return Array.isArray(value) ? mutateList(random, value) : mutateObject(random, members);
}

type Member = readonly [name: string, value: JsonValue];

function mutateList(random: Random, items: readonly JsonValue[]): JsonValue {
  const at = random(items.length);
  const item = items[at] ?? null;
  switch (random(5)) {
    case 0:
      return items.filter((_, index) => index !== at);
    case 1:
      return [...items, item];
    case 2:
      return items.toReversed();
    case 3:
      return [...items, other(random)];
    default:
      return random(MANY) === 0 ? Array.from({ length: MANY }, () => item) : item;
  }
}

function mutateObject(random: Random, members: readonly Member[]): JsonValue {
  const [name, value] = members[random(members.length)] ?? ['a', null];
  const [otherName] = members[random(members.length)] ?? ['b'];
  switch (random(6)) {
    case 0:
      return objectOf(members.filter(([one]) => one !== name));
    case 1:
      return objectOf([...members, [NAMES[random(NAMES.length)] ?? 'b', other(random)]]);
    case 2: // under another's name
      return objectOf([...members, [otherName, value]]);
    case 3:
      return objectOf(members.map(([one, of]) => [one === name ? (NAMES[random(NAMES.length)] ?? 'b') : one, of]));
    case 4:
      return value;
    default:
      return nested(random, objectOf(members));
  }
}

/** Documents stand as texts inside other documents: those are changed as what they are, and written canonically again. */
function mutateText(random: Random, text: string): string {
  if (text.startsWith('{')) {
    try {
      return reference(mutateJson(random, JSON.parse(text) as JsonValue));
    } catch {
      // a text like any other
    }
  }
  const at = random(text.length + 1);
  switch (random(4)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + random(3));
    case 1:
      return text.slice(0, at) + String.fromCharCode(32 + random(95)) + text.slice(at + 1);
    case 2:
      return text.toUpperCase();
    default:
      return text.slice(0, at) + JSON.stringify(other(random)) + text.slice(at);
  }
}

function nested(random: Random, value: JsonValue): JsonValue {
  let outer = value;
  for (let depth = random(80); depth > 0; depth--) outer = random(2) === 0 ? [outer] : { a: outer };
  return outer;
}

function objectOf(members: readonly Member[]): JsonObject {
  return Object.fromEntries(members);
}

function other(random: Random): JsonValue {
  return VALUES[random(VALUES.length)] ?? null;
}
