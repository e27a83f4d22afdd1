import { describe, expect, it } from '@jest/globals';
import { problemSchema } from '../../../src/api/index.js';
import { CountersignError, ERROR_CODES } from '../../../src/errors.js';
import { STATUS_OF_CODE } from '../../../src/api/status-of-code.js';
import { fromForeignError, toProblem } from '../../../src/http/problem/to-problem.js';

describe('problems', () => {
  it('have a status for every code, and 500 only where no caller can be the cause', () => {
    for (const code of ERROR_CODES) expect(STATUS_OF_CODE[code]).toBeGreaterThanOrEqual(400);
    expect(ERROR_CODES.filter((code) => STATUS_OF_CODE[code] === 500)).toEqual([
      'CONFIG_INVALID',
      'POLICY_INVALID',
      'POLICY_NOT_SIGNED',
      'POLICY_CHAIN_BROKEN',
      'POLICY_NOT_PINNED',
      'PINS_MISSING',
      'STORE_UNSUPPORTED',
      'INTERNAL',
    ]);
  });

  it('say code, pointer, hint and request id, and never a cause', () => {
    const error = new CountersignError('WAVE_VERSION_UNKNOWN', 'no version 99', {
      pointer: '/version',
      hint: 'See the CI targets.',
      details: { version: 99 },
      cause: new Error('secret of the store'),
    });
    const problem = toProblem(error, 'id-1');
    expect(problem).toEqual({
      type: 'urn:countersign:error:WAVE_VERSION_UNKNOWN',
      title: 'Wave version unknown',
      status: 422,
      detail: 'no version 99',
      code: 'WAVE_VERSION_UNKNOWN',
      pointer: '/version',
      hint: 'See the CI targets.',
      details: { version: 99 },
      instance: 'id-1',
    });
    expect(problemSchema.parse(problem)).toEqual(problem);
  });

  it('tell nothing of an error that is not ours', () => {
    const problem = toProblem(new TypeError('cannot read /var/lib/secret'), 'id-2');
    expect(problem).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  it('leave out pointers into documents of others', () => {
    const error = new CountersignError('FACTORY_ANSWER_INVALID', 'bad root', { pointer: '/signed/keys' });
    expect(toProblem(error, 'id-3')).not.toHaveProperty('pointer');
  });

  it.each([
    [Object.assign(new Error('x'), { status: 413 }), 'BODY_TOO_LARGE'],
    [Object.assign(new Error('x'), { status: 415 }), 'MEDIA_TYPE'],
    [Object.assign(new Error('x'), { status: 400 }), 'INPUT_INVALID'],
    [Object.assign(new Error('x'), { status: 500 }), 'INTERNAL'],
    [new Error('x'), 'INTERNAL'],
    ['thrown text', 'INTERNAL'],
  ])('give what the framework throws one of our codes', (thrown, code) => {
    expect(toProblem(fromForeignError(thrown), 'id-4').code).toBe(code);
  });
});
