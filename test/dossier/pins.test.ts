import { describe, expect, test } from '@jest/globals';
import { parsePins, serializePins, type Pins } from '../../src/dossier/index.js';
import { codeOf, placeOf } from '../support/error-code.js';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('pins', () => {
  const pins: Pins = { policySha256: A, firstRootSha256: { beta: B, acme: A } };

  test('come back from their file', () => {
    expect(parsePins(serializePins(pins))).toEqual(pins);
    expect(parsePins(Buffer.from(serializePins(pins)))).toEqual(pins);
  });

  test('are written for people, Factories in order', () => {
    expect(serializePins(pins)).toBe(
      `{\n  "spec": 1,\n  "policySha256": "${A}",\n  "roots": {\n    "acme": "${A}",\n    "beta": "${B}"\n  }\n}\n`,
    );
  });

  test.each<[string, string]>([
    [`{"spec":2,"policySha256":"${A}","roots":{}}`, 'CONFIG_INVALID /spec'],
    [`{"spec":1,"policySha256":"${A.toUpperCase()}","roots":{}}`, 'CONFIG_INVALID /policySha256'],
    [`{"spec":1,"policySha256":"${A}","roots":{"acme":"${A.slice(1)}"}}`, 'CONFIG_INVALID /roots/acme'],
    [`{"spec":1,"policySha256":"${A}","roots":{},"extra":1}`, 'CONFIG_INVALID /extra'],
    [`{"spec":1,"policySha256":"${A}"}`, 'CONFIG_INVALID /roots'],
  ])('are refused as %s', (text, place) => {
    expect(placeOf(() => parsePins(text))).toBe(place);
  });

  test.each([
    '',
    'policy',
    `{"spec":1,"policySha256":"${A}","policySha256":"${B}","roots":{}}`,
    `{"spec":1,"policySha256":"${A}","roots":{"acme":"${A}","acme":"${B}"}}`,
    `{"spec":1,"policySha256":"${A}","roots":{"__proto__":"${B}"}}`,
    `{"spec":1,"policySha256":"${A}","roots":{"a/b":"${B}"}}`,
  ])('are refused as %j', (text) => {
    expect(codeOf(() => parsePins(text))).toBe('CONFIG_INVALID');
  });
});
