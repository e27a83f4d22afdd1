import { expect, test } from '@jest/globals';
import { printed } from '../../scripts/demo/fioctl-connection.js';
import { STATUS_OF_CODE } from '../../src/api/index.js';
import { CountersignError, ERROR_CODES } from '../../src/errors.js';
import { factoryError, toFactoryError } from '../../src/gateway/factory-error.js';

function printedOf(body: object): string[] {
  return printed('GET x: 400', JSON.stringify(body)).slice(1);
}

test('with whatever code, fioctl takes it for an error, and prints what is said, what to do, and the code', () => {
  for (const code of ERROR_CODES) {
    const { status, body } = toFactoryError(new CountersignError(code, 'it cannot be', { hint: 'Do that.' }));
    expect(status).toBe(STATUS_OF_CODE[code]);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(printedOf(body)).toEqual(['= it cannot be', ' * Do that.', ` * Code: ${code}`]);
  }
});

test('where in the body it is, and what else is to be said, are lines of their own', () => {
  const error = new CountersignError('INPUT_INVALID', 'no', { pointer: '/a/0', details: { errors: ['one', 'two'] } });
  expect(printedOf(toFactoryError(error).body)).toEqual(['= no', ' * one', ' * two', ' * Code: INPUT_INVALID at /a/0']);
});

test('a Factory that was silent for too long is 504', () => {
  const error = new CountersignError('FACTORY_UNAVAILABLE', 'no answer', { details: { timedOut: true } });
  expect(toFactoryError(error).status).toBe(504);
});

test('of an error that nobody expected the text stays here', () => {
  const { status, body } = toFactoryError(new TypeError('secret is undefined'));
  expect(status).toBe(500);
  expect(printedOf(body).join()).not.toContain('secret');
  expect(printedOf(body).at(-1)).toBe(' * Code: INTERNAL');
});

test('what would act on a terminal is taken out of every line', () => {
  const { body } = factoryError(400, 'a\u001b[31mb\u202ec', ['d\ne\u0000f']);
  expect(printedOf(body)).toEqual(['= a [31mb c', ' * d e f']);
});
