import { describe, expect, test } from '@jest/globals';
import { factoryNameSchema, sourceTagSchema, tagSchema, waveNameSchema } from '../../src/factory/index.js';

describe('names that fioctl puts into URLs unescaped', () => {
  const schemas = { waveNameSchema, tagSchema, factoryNameSchema };

  test.each(['w1', 'production', '2026.11-hot_fix', 'A', 'x'.repeat(64)])('accepts %s', (name) => {
    for (const schema of Object.values(schemas)) expect(schema.safeParse(name).success).toBe(true);
  });

  test.each([
    '',
    '.',
    '..',
    '../x',
    '.hidden',
    '-flag',
    '_x',
    'a/b',
    'a b',
    'a,b',
    'a?b',
    'a#b',
    'a%2fb',
    'a+b',
    'ü',
    'a\n',
    '$active$',
    'x'.repeat(65),
  ])('refuses %j', (name) => {
    for (const schema of Object.values(schemas)) expect(schema.safeParse(name).success).toBe(false);
  });

  test('refuses what every object inherits, by its leading underscore', () => {
    expect(tagSchema.safeParse('__proto__').success).toBe(false);
  });
});

describe('source tags, which stand in no URL', () => {
  test.each(['master', 'feature/x', 'a b', '~', '+'])('accepts %j', (tag) => {
    expect(sourceTagSchema.safeParse(tag).success).toBe(true);
  });

  test.each(['', 'a<b', 'a&b', 'a>b', 'é', 'a\tb', '\u007f', 'x'.repeat(129)])('refuses %j', (tag) => {
    expect(sourceTagSchema.safeParse(tag).success).toBe(false);
  });
});
