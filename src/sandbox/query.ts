import type { Request } from 'express';
import { Refusal } from './refusal.js';

/**
 * The value of a query parameter, `''` if it is not there.
 *
 * @throws Refusal 400 when it stands there twice
 */
export function queryText(request: Request, name: string): string {
  const value = request.query[name];
  if (value === undefined) return '';
  if (typeof value !== 'string') throw new Refusal(400, `The parameter ${name} can be given once`);
  return value;
}

/**
 * A query parameter that is a whole number from 1 to `max`.
 *
 * @throws Refusal 400
 */
export function queryNumber(request: Request, name: string, fallback: number, max: number): number {
  const text = queryText(request, name);
  if (text === '') return fallback;
  const value = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw new Refusal(400, `The parameter ${name} is a number from 1 to ${max}`);
  return value;
}
