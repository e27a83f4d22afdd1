import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { isCountersignError } from '../../src/errors.js';
import { parseInput, type InputPlace } from '../../src/http/parse-input.js';

const schema = z.strictObject({
  name: z.string().min(2).max(4),
  list: z.array(z.int().min(1)).max(2).optional(),
  'a/b': z.enum(['x', 'y']).optional(),
});

function refusal(value: unknown, place: InputPlace = 'body') {
  try {
    parseInput(schema, value, place);
  } catch (error) {
    if (isCountersignError(error, 'INPUT_INVALID')) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('parseInput', () => {
  it.each([
    [{}, '/name', 'name must be given (string)'],
    [{ name: 1 }, '/name', 'name must be of the type string'],
    [{ name: 'a' }, '/name', 'name must be at least 2 characters long'],
    [{ name: 'abcde' }, '/name', 'name must be at most 4 characters long'],
    [{ name: 'ab', list: [1, 0] }, '/list/1', 'list.1 must be at least 1'],
    [{ name: 'ab', list: [1, 2, 3] }, '/list', 'list must be at most 2 items long'],
    [{ name: 'ab', list: [2 ** 53] }, '/list/0', 'list.0 must be at most 9007199254740991'],
    [{ name: 'ab', 'a/b': 'z' }, '/a~1b', 'a/b must be one of x, y'],
    [{ name: 'ab', 'x~y': 1 }, '/x~0y', 'x~y is not known here'],
    ['text', '', 'the body must be of the type object'],
  ])('refuses %j with a pointer and words', (value, pointer, message) => {
    const error = refusal(value);
    expect([error.pointer, error.message]).toEqual([pointer, message]);
    expect(error.hint).toBeDefined();
  });

  it('names a query parameter instead of pointing', () => {
    const error = refusal({ nam: 'ab' }, 'query');
    expect(error.pointer).toBeUndefined();
    expect(error.details).toEqual({ in: 'query', name: 'name' });
    expect(error.message).toContain('query parameter nam is not known here');
  });

  it('never repeats a value, and cuts long names', () => {
    const error = refusal({ name: 'tooooo-secret', [`k${'k'.repeat(500)}`]: 1 });
    expect(error.message).not.toContain('secret');
    expect(error.message.length).toBeLessThan(200);
  });
});
