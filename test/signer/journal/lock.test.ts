import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockStateDir } from '../../../src/signer/journal/lock.js';
import { codeOf } from '../../support/error-code.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Another process that locks the directory the same way and says so. */
const HOLDER = `
  import { spawnSync } from 'node:child_process';
  import { openSync } from 'node:fs';
  const directory = openSync(process.argv[1], 'r');
  const { status } = spawnSync('flock', ['-x', '-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', directory] });
  process.stdout.write(String(status));
  setInterval(() => {}, 1000);
`;

describe('lockStateDir', () => {
  it('refuses a second lock, also of the same process', () => {
    const lock = lockStateDir(directory);
    expect(codeOf(() => lockStateDir(directory))).toBe('SIGNER_BUSY');
    lock.release();
    lockStateDir(directory).release();
  });

  it("given free twice closes nobody else's file", () => {
    const lock = lockStateDir(directory);
    lock.release();
    const next = openSync(directory, 'r');
    lock.release();
    expect(fstatSync(next).isDirectory()).toBe(true);
    closeSync(next);
  });

  it('is held against a live process and given free by one that was killed', async () => {
    const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(holder.stdout, 'data')) as [Buffer];
    expect(said.toString()).toBe('0');
    expect(codeOf(() => lockStateDir(directory))).toBe('SIGNER_BUSY');
    const gone = once(holder, 'exit');
    holder.kill('SIGKILL');
    await gone;
    lockStateDir(directory).release();
  });

  it('is not handed down to processes that are started under it: a worker may outlive its signer', async () => {
    const lock = lockStateDir(directory);
    const child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); setInterval(() => {}, 1000)'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    lock.release();
    lockStateDir(directory).release();
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });

  it('says that a directory which is not there was never made a state directory', () => {
    expect(codeOf(() => lockStateDir(join(directory, 'none')))).toBe('SIGNER_NOT_INITIALISED');
  });
});
