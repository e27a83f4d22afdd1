import { beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { encodeStatement, parseStatement, shortCode, statementSha256 } from '../../src/dossier/index.js';
import { codeOf, placeOf } from '../support/error-code.js';
import { createFixture, type Fixture } from '../support/factory-fixture.js';

let fixture: Fixture;

beforeAll(() => {
  fixture = createFixture();
});

describe('a statement', () => {
  test('is one canonical text, whichever order it was made in', () => {
    const { statement, text } = fixture.wave();
    expect(parseStatement(text)).toEqual(statement);
    expect(encodeStatement(statement)).toBe(text);
    const shuffled = { ...statement, _type: statement._type };
    expect(encodeStatement(Object.fromEntries(Object.entries(shuffled).reverse()) as typeof statement)).toBe(text);
  });

  test('may say its reason in any script', () => {
    const { text } = fixture.wave({ reason: 'größer & besser <3 — 好' });
    expect(parseStatement(text).reason).toBe('größer & besser <3 — 好');
  });

  test('is named by the SHA-256 of its UTF-8 bytes', () => {
    const { text } = fixture.wave({ reason: 'größer' });
    const sha256 = createHash('sha256').update(Buffer.from(text, 'utf8')).digest('hex');
    expect(statementSha256(text)).toBe(sha256);
    expect(shortCode(sha256)).toBe(`${sha256.slice(0, 4)}-${sha256.slice(4, 8)}`);
  });

  test('is refused before it is written when it would be when it is read', () => {
    const { statement } = fixture.wave();
    expect(placeOf(() => encodeStatement({ ...statement, id: 'req_x' }))).toBe('STATEMENT_INVALID /id');
    expect(codeOf(() => encodeStatement({ ...statement, reason: 'a\u202eb' }))).toBe('CANONICAL_UNSAFE');
    expect(placeOf(() => encodeStatement({ ...statement, ...{ extra: 1 } }))).toBe('STATEMENT_INVALID /extra');
  });

  test('is bounded in size', () => {
    const { text } = fixture.wave();
    expect(codeOf(() => parseStatement(`${text}${' '.repeat(300 * 1024)}`))).toBe('STATEMENT_INVALID');
  });
});
