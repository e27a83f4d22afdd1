import { readFileSync } from 'node:fs';
import { CountersignError } from '../errors.js';

/** The bytes of a file that was named on the command line. @throws USAGE it cannot be read */
export function readInputFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new CountersignError('USAGE', `${path} cannot be read`, { details: { path }, cause });
  }
}
