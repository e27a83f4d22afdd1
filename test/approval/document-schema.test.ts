import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { parseWithSchema, sha256Schema, timeSchema } from '../../src/approval/index.js';
import { placeOf } from '../support/error-code.js';

const schema = z.strictObject({ 'a/b': z.array(z.strictObject({ '~': z.int() })) });
const place = (value: unknown, at?: string) =>
  placeOf(() => parseWithSchema(schema, value, { code: 'STATEMENT_INVALID', what: 'thing', ...(at && { at }) }));

describe('a value that does not fit its schema', () => {
  it('is reported with a pointer to the first member that is wrong, escaped by RFC 6901', () => {
    expect(place({ 'a/b': [{ '~': 1 }, { '~': 'x' }] })).toBe('STATEMENT_INVALID /a~1b/1/~0');
    expect(place({ 'a/b': [{ '~': 'x' }] }, '/signed')).toBe('STATEMENT_INVALID /signed/a~1b/0/~0');
    expect(place(null)).toBe('STATEMENT_INVALID ');
  });

  it('is reported at the member that is missing or too many', () => {
    expect(place({})).toBe('STATEMENT_INVALID /a~1b');
    expect(place({ 'a/b': [], c: 1 })).toBe('STATEMENT_INVALID /c');
  });
});

describe('digests and times', () => {
  it('have one form', () => {
    expect(sha256Schema.safeParse('0a'.repeat(32)).success).toBe(true);
    for (const text of ['0A'.repeat(32), '0a'.repeat(31), `${'0a'.repeat(32)}\n`, `sha256:${'0a'.repeat(32)}`]) {
      expect(sha256Schema.safeParse(text).success).toBe(false);
    }
    expect(timeSchema.safeParse('2032-02-29T23:59:59Z').success).toBe(true);
    for (const text of [
      '2031-02-29T23:59:59Z',
      '2031-01-01T24:00:00Z',
      '2031-01-01T00:00:00+00:00',
      '2031-01-01',
      '',
    ]) {
      expect(timeSchema.safeParse(text).success).toBe(false);
    }
  });
});
