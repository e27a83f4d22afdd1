import { errorToWire } from '../../errors.js';

export type Level = 'ok' | 'warn' | 'fail';

/** One line of the doctor's report. */
export interface Finding {
  /** What was looked at: `clock`, `store`, …, with which one where there are several. */
  readonly check: string;
  readonly level: Level;
  readonly message: string;
  /** What to do about it; every warning and failure has it. */
  readonly todo?: string;
  /** The error's code, if it was one. */
  readonly code?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, level: 'ok', message };
}

export function warn(check: string, message: string, todo: string): Finding {
  return { check, level: 'warn', message, todo };
}

export function fail(check: string, message: string, todo: string): Finding {
  return { check, level: 'fail', message, todo };
}

/** What a check finds; an error that it throws is a finding too, and hinders no other check. */
export async function examine(
  check: string,
  todo: string,
  look: () => Finding[] | Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    const { code, message, hint } = errorToWire(error);
    return [{ check, level: 'fail', message, todo: hint ?? todo, code }];
  }
}
