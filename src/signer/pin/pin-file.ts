import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { isAbsolute } from 'node:path';
import { CountersignError } from '../../errors.js';
import { errnoOf } from './errno.js';

const MAX_PIN_FILE_BYTES = 1024;

/**
 * The PIN in a file, without the newline an editor leaves at its end. What is judged is the file that was opened, so
 * a link counts as what it points to and nothing can be put in its place after the check.
 *
 * @param path absolute
 * @throws PIN_FILE_INVALID if it is missing, no regular file, empty, over 1 KiB, owned by somebody else, or open to
 *   anybody but its owner
 */
export function readPinFile(path: string): string {
  if (!isAbsolute(path)) throw invalid(path, 'its path is not absolute', 'give the absolute path');
  const fd = openPinFile(path);
  try {
    checkPinFile(path, fstatSync(fd));
    const bytes = Buffer.alloc(MAX_PIN_FILE_BYTES + 1);
    const length = readSync(fd, bytes, 0, bytes.length, 0);
    const text = bytes.toString('utf8', 0, length);
    const isUtf8 = Buffer.from(text).equals(bytes.subarray(0, length));
    bytes.fill(0);
    if (!isUtf8) throw invalid(path, 'it is no UTF-8 text', 'write the user PIN into it as text');
    const pin = text.replace(/\r?\n$/, '');
    if (pin === '') throw invalid(path, 'it is empty', 'write the user PIN into it');
    if (/[\0\r\n]/.test(pin)) throw invalid(path, 'it has more than one line', 'leave only the PIN in it');
    return pin;
  } finally {
    closeSync(fd);
  }
}

/** Whether the PIN file can be used, for who need not know what is in it. @throws PIN_FILE_INVALID */
export function requirePinFile(path: string): void {
  readPinFile(path);
}

function openPinFile(path: string): number {
  try {
    // O_NONBLOCK: a named pipe must not hold up the start
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw invalid(
      path,
      `it cannot be opened (${errnoOf(cause) ?? 'unknown error'})`,
      'check its path and that this user may read it',
      cause,
    );
  }
}

function checkPinFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw invalid(path, 'it is no regular file', 'put the PIN into a plain file');
  if (stats.size > MAX_PIN_FILE_BYTES)
    throw invalid(path, `it is larger than ${MAX_PIN_FILE_BYTES} bytes`, 'check the path');
  const ownUid = process.getuid?.();
  if (stats.uid !== 0 && stats.uid !== ownUid) {
    throw invalid(path, `it belongs to user ${stats.uid}`, `make it belong to user ${ownUid ?? 0} (chown)`);
  }
  if ((stats.mode & 0o077 & ~toleratedBits(stats)) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    throw invalid(path, `its mode is ${mode}, so others can reach it`, `run: chmod 600 ${path}`);
  }
}

/**
 * systemd gives a service its credentials as root's files with an access list for the service's user; the list's mask
 * shows as a read bit of the group. With group root that bit lets in nobody new.
 */
function toleratedBits(stats: Stats): number {
  return stats.uid === 0 && stats.gid === 0 ? 0o040 : 0;
}

function invalid(path: string, reason: string, hint: string, cause?: unknown): CountersignError {
  return new CountersignError('PIN_FILE_INVALID', `the PIN file ${path} is not used: ${reason}`, {
    hint,
    details: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}
