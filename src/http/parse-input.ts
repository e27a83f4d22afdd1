import type { z } from 'zod';
import { CountersignError } from '../errors.js';
import { pointerTo } from '../tuf/index.js';

export type InputPlace = 'body' | 'query' | 'path' | 'header';

type Issue = z.core.$ZodIssue;

const MAX_NAME_CHARS = 60;
const MAX_LISTED = 5;

/**
 * Narrows what was sent by a schema. The refusal names the first wrong member with a pointer (in a body) or by
 * its parameter's name, and says in `hint` what is expected; values that were sent are never repeated.
 *
 * @throws INPUT_INVALID
 */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown, place: InputPlace): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues;
  const [first] = issues;
  const steps = first === undefined ? [] : stepsOf(first);
  const what = issues.slice(0, MAX_LISTED).map((issue) => `${nameOf(issue, place)} ${describe(issue, value)}`);
  throw new CountersignError('INPUT_INVALID', what.join('; '), {
    ...(place === 'body'
      ? { pointer: steps.reduce<string>((pointer, step) => pointerTo(pointer, step), '') }
      : { details: { in: place, name: steps.join('.') } }),
    ...(first === undefined ? {} : { hint: hintOf(first, place) }),
  });
}

function stepsOf(issue: Issue): string[] {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  return [...issue.path, ...unknown].map((step) => cut(String(step)));
}

function nameOf(issue: Issue, place: InputPlace): string {
  const steps = stepsOf(issue);
  if (place !== 'body') return `${place === 'query' ? 'query parameter' : place} ${steps.join('.')}`;
  return steps.length === 0 ? 'the body' : steps.join('.');
}

function describe(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return 'is not known here';
    case 'invalid_type':
      return isMissing(value, issue.path)
        ? `must be given (${issue.expected})`
        : `must be of the type ${issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must be at least ${String(issue.minimum)}${unitOf(issue.origin)}`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return cut(issue.message, 200);
  }
}

function isMissing(value: unknown, path: readonly PropertyKey[]): boolean {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return true;
    at = Reflect.get(at, step);
  }
  return at === undefined;
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' items long' : '';
}

function hintOf(issue: Issue, place: InputPlace): string {
  if (issue.code === 'unrecognized_keys') return 'Leave it out, or look for a mistyped name; /openapi.json lists all.';
  return place === 'body'
    ? 'Correct that member; /openapi.json has the form.'
    : 'Correct it; /openapi.json has the form.';
}

function cut(text: string, length = MAX_NAME_CHARS): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
