import { CountersignError } from '../errors.js';

/** What the sandbox answers a caller who may not or cannot: a status and texts in Foundries' shape. */
export class Refusal extends CountersignError {
  readonly status: number;
  readonly errors: readonly string[];

  constructor(status: number, message: string, errors: readonly string[] = []) {
    super('FACTORY_REFUSED', message, { details: { status, errors } });
    this.status = status;
    this.errors = errors;
  }
}
