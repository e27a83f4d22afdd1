import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { CountersignError } from '../errors.js';

/**
 * The one line of a file that holds a bearer token.
 *
 * @throws CONFIG_INVALID when it is missing, empty, or open to others
 */
export function readSecretFile(path: string): string {
  let text: string;
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new CountersignError('CONFIG_INVALID', `${path} holds a secret and may be read by others`, {
        hint: `chmod 600 ${path}`,
        details: { path },
      });
    }
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    throw new CountersignError('CONFIG_INVALID', `${path} cannot be read`, { details: { path }, cause });
  }
  if (/^[\x21-\x7e]+$/u.test(text)) return text;
  throw new CountersignError('CONFIG_INVALID', `${path} does not hold one line with a token`, { details: { path } });
}

/** Writes a bearer token to a new file that only its owner can read. @throws USAGE when the file is there already */
export function writeSecretFile(path: string, secret: string): void {
  try {
    writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new CountersignError('USAGE', `${path} cannot be written, or is there already`, { details: { path }, cause });
  }
}
