/** A service as a process whose log cannot be written: reader gone or standing still, disk full, file rotated away. It goes on working. */
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createFixture } from '../support/factory-fixture.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

let folder: string;
let child: ChildProcess | null = null;
const logFile = (): string => join(folder, 'service.log');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-log-'));
  const { policyText, pins } = createFixture();
  const { policySha256, firstRootSha256: roots } = pins;
  const write = (name: string, content: string): void => writeFileSync(join(folder, name), content, { mode: 0o600 });
  write('policy.json', policyText);
  write('trust.json', JSON.stringify({ spec: 1, policySha256, roots }));
  write('factory.token', 'secret\n');
  write(
    'service.yaml',
    JSON.stringify({
      listen: { host: '127.0.0.1', port: 0 },
      ...{ database: 'sqlite:./service.db', signer: { socket: './signer.sock' } },
      ...{ policy: ['./policy.json'], trust: './trust.json', factories: { acme: { tokenFile: './factory.token' } } },
      limits: { requestsPerMinute: 100_000 },
    }),
  );
});
afterEach(async () => {
  if (child !== null && child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  child = null;
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a service that logs to `stderr`; answers with its address. */
async function start(stderr: 'pipe' | number): Promise<string> {
  const stdio: StdioOptions = ['ignore', 'pipe', stderr];
  child = spawn(process.execPath, [MAIN, 'serve', '--config', join(folder, 'service.yaml'), '--json'], { stdio });
  if (child.stdout === null) throw new Error('no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /"url": "([^"]*)"/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('the service did not start');
}

async function startWithFile(): Promise<string> {
  const file = openSync(logFile(), 'a');
  try {
    return await start(file);
  } finally {
    closeSync(file);
  }
}

/** Has it answer so often; each answer is a line of the log. */
async function ask(url: string, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) expect((await fetch(`${url}/healthz`)).status).toBe(200);
}

/** SIGTERM, and its exit status. */
async function stop(): Promise<unknown> {
  if (child === null) throw new Error('nothing runs');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  return (await exited)[0] as unknown;
}

const logText = (): string => readFileSync(logFile(), 'utf8');

it('goes on when the reader of its log dies, and stops in order', async () => {
  const url = await start('pipe');
  child?.stderr?.destroy();
  await ask(url, 20);
  await expect(stop()).resolves.toBe(0);
});

it('neither waits for a reader that stands still, nor at its end', async () => {
  const url = await start('pipe'); // and nobody reads it
  await ask(url, 600); // more than a pipe holds
  await expect(stop()).resolves.toBe(0);
});

it('goes on when the disk under its log is full from the start', async () => {
  const full = openSync('/dev/full', 'w');
  const url = await start(full);
  closeSync(full);
  await ask(url, 20);
  await expect(stop()).resolves.toBe(0);
});

it('says how many lines are missing once the disk under its log has room again', async () => {
  const url = await startWithFile();
  const limit = (bytes: number | 'unlimited'): void => {
    const args = ['--pid', String(child?.pid), `--fsize=${bytes}:unlimited`];
    expect(spawnSync('prlimit', args).status).toBe(0);
  };
  await ask(url, 5);
  limit(statSync(logFile()).size);
  await ask(url, 20);
  limit('unlimited');
  await ask(url, 5);
  await expect(stop()).resolves.toBe(0);
  expect(logText()).toMatch(/"lines":[1-9]\d*,"message":"lines of the log were lost"/);
});

it('goes on writing to the file that was renamed or deleted, and to one that was truncated', async () => {
  const url = await startWithFile();
  await ask(url, 3);
  truncateSync(logFile());
  await ask(url, 3);
  expect(logText().startsWith('{')).toBe(true);
  renameSync(logFile(), `${logFile()}.1`);
  const before = statSync(`${logFile()}.1`).size;
  await ask(url, 3);
  rmSync(`${logFile()}.1`);
  await ask(url, 3);
  await expect(stop()).resolves.toBe(0);
  expect(before).toBeGreaterThan(0);
});
