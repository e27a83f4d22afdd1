import { CountersignError } from '../../errors.js';
import type { KeyAttributes } from '../token-types.js';

type Wanted = readonly [attribute: keyof KeyAttributes, value: boolean, otherwise: string];

/** The value that attributes of a private key must have whenever it signs, and what the other value means. */
const WANTED_ALWAYS: readonly Wanted[] = [
  ['sensitive', true, 'it is not sensitive: it can be read out'],
  ['extractable', false, 'it is extractable'],
];

/** The same when it was just made. */
const WANTED_FRESH: readonly Wanted[] = [
  ...WANTED_ALWAYS,
  ['alwaysSensitive', true, 'it was not always sensitive'],
  ['neverExtractable', true, 'it was extractable before'],
  ['local', true, 'it was not generated in this token'],
];

/**
 * For a key that was just made: nobody may have, or ever have had, its private part. Attributes that the token does
 * not state are not held against it.
 *
 * @throws KEY_ATTRIBUTES
 */
export function requireFreshSecrecy(ckaLabel: string, attributes: KeyAttributes): void {
  require(ckaLabel, attributes, WANTED_FRESH);
}

/**
 * For a key that is about to sign: nobody may be able to take it out now. Its past is shown in the key list but not
 * judged here, for a key that was restored from the token maker's own wrapped backup has one.
 *
 * @throws KEY_ATTRIBUTES
 */
export function requireSecrecy(ckaLabel: string, attributes: KeyAttributes): void {
  require(ckaLabel, attributes, WANTED_ALWAYS);
}

function require(ckaLabel: string, attributes: KeyAttributes, wanted: readonly Wanted[]): void {
  const complaints = wanted.flatMap(([attribute, value, otherwise]) =>
    attributes[attribute] === !value ? [otherwise] : [],
  );
  if (complaints.length === 0) return;
  throw new CountersignError('KEY_ATTRIBUTES', `the private key ${ckaLabel} is not used: ${complaints.join(', ')}`, {
    hint: 'make a new key with `countersign key generate`',
    details: { ckaLabel },
  });
}
