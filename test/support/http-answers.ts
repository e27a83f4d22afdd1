import { expect } from '@jest/globals';
import { OPERATIONS, problemSchema, type AnswerSpec, type OperationId } from '../../src/api/index.js';
import type { Answer } from './http-world.js';

/** The answer is what the operation promises for its status, with no member more. */
export function expectAsPromised(id: OperationId, answer: Answer): void {
  const promised = Object.entries<AnswerSpec>(OPERATIONS[id].answers).find(
    ([status]) => Number(status) === answer.status,
  )?.[1];
  if (promised === undefined) throw new Error(`${id} answered ${answer.status}: ${answer.text}`);
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  const schema = Object.entries(promised.content ?? {}).find(([name]) => name === type)?.[1];
  if (schema === undefined) throw new Error(`${id} answered ${type}`);
  const body = type === 'application/json' ? answer.json : answer.text;
  expect(schema.parse(body)).toEqual(body);
}

/** `STATUS CODE pointer` of a problem in its right form. */
export function problemOf(answer: Answer): string {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const problem = problemSchema.parse(answer.json);
  expect(problem).toEqual(answer.json);
  expect(problem).toMatchObject({ status: answer.status, instance: answer.headers.get('x-request-id') });
  const place = problem.pointer === undefined ? '' : ` ${problem.pointer}`;
  return `${answer.status} ${problem.code}${place}`;
}
