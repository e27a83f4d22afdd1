import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readPinFile } from '../../../src/signer/pin/index.js';
import { codeOf } from '../../support/error-code.js';

const isRoot = process.getuid?.() === 0;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-pin-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function pinFile(content: string | Buffer, mode = 0o600): string {
  const path = join(dir, 'pin');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('the PIN file', () => {
  it('gives the PIN without the newline at its end, and with all that stands before', () => {
    expect(readPinFile(pinFile('1234\n'))).toBe('1234');
    expect(readPinFile(pinFile('0001pass word '))).toBe('0001pass word ');
    expect(readPinFile(pinFile('1234\r\n', 0o400))).toBe('1234');
  });

  it.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o777])('is refused if its mode lets others in', (mode) => {
    const path = pinFile('1234', mode);
    // root:root 0640 is what systemd's credentials look like
    if (isRoot) chownSync(path, 0, 4242);
    expect(codeOf(() => readPinFile(path))).toBe('PIN_FILE_INVALID');
  });

  (isRoot ? it : it.skip)('may be readable for group root when it is root’s, as systemd’s credentials are', () => {
    const path = pinFile('1234', 0o440);
    expect(readPinFile(path)).toBe('1234');
    chmodSync(path, 0o460);
    expect(codeOf(() => readPinFile(path))).toBe('PIN_FILE_INVALID');
  });

  (isRoot ? it : it.skip)('is refused if it belongs to somebody else', () => {
    const path = pinFile('1234');
    chownSync(path, 4242, 0);
    expect(codeOf(() => readPinFile(path))).toBe('PIN_FILE_INVALID');
  });

  it('is judged by what a link points to', () => {
    const path = pinFile('1234', 0o644);
    const link = join(dir, 'link');
    symlinkSync(path, link);
    expect(codeOf(() => readPinFile(link))).toBe('PIN_FILE_INVALID');
    chmodSync(path, 0o600);
    expect(readPinFile(link)).toBe('1234');
  });

  it('is refused if empty, over 1 KiB, of two lines, or no text', () => {
    for (const content of ['', '\n', 'x'.repeat(1025), '1234\n5678\n', Buffer.from([0x31, 0xff]), '12\0']) {
      expect(codeOf(() => readPinFile(pinFile(content)))).toBe('PIN_FILE_INVALID');
    }
  });

  it('is refused if missing, a directory, a pipe that nobody fills, or not named from the root', () => {
    execFileSync('mkfifo', ['-m', '600', join(dir, 'fifo')]);
    for (const path of [join(dir, 'missing'), dir, join(dir, 'fifo'), 'pin']) {
      expect(codeOf(() => readPinFile(path))).toBe('PIN_FILE_INVALID');
    }
  });
});
