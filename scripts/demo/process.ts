import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Never throws for its exit status: what that means, the caller knows. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: { input?: string | Uint8Array; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Outcome> {
  const child = spawn(command, args, { env: options.env ?? process.env, cwd: options.cwd, stdio: 'pipe' });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => undefined); // a program may end before it has read everything
  child.stdin.end(options.input ?? '');
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { status, stdout: Buffer.concat(stdout).toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8') };
}

export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that runs on: its output goes to a log file, and it is ready when `ready` says so. */
export interface Daemon {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when it is gone, however it came to its end. */
  readonly ended: Promise<Ending>;
  /** Asks it to stop (SIGTERM) and waits; after `graceMs` it is killed. Resolves with its exit status. */
  stop(graceMs?: number): Promise<number | null>;
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>;
}

/** A program that ended, or was killed for its slowness, before it was ready. */
export class NotStarted extends Error {
  constructor(
    name: string,
    logFile: string,
    readonly ending: Ending,
  ) {
    super(`${name} did not start (${ending.signal ?? `status ${String(ending.status)}`}); its log is ${logFile}`);
  }
}

/** @throws NotStarted */
export async function startDaemon(
  name: string,
  command: string,
  args: readonly string[],
  options: { logFile: string; env?: NodeJS.ProcessEnv; ready: () => Promise<boolean>; timeoutMs?: number },
): Promise<Daemon> {
  const log = createWriteStream(options.logFile, { flags: 'a' });
  const child = spawn(command, args, { env: options.env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = new Promise<Ending>((resolve) =>
    child.once('close', (status, signal) => {
      log.end();
      resolve({ status, signal });
    }),
  );
  const until = Date.now() + (options.timeoutMs ?? 120_000);
  while (!(await options.ready().catch(() => false))) {
    const isLate = Date.now() > until;
    if (isLate) child.kill('SIGKILL');
    if (isLate || child.exitCode !== null || child.signalCode !== null) {
      throw new NotStarted(name, options.logFile, isLate ? { status: null, signal: null } : await ended);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    name,
    pid: child.pid ?? 0,
    logFile: options.logFile,
    ended,
    stop: (graceMs = 10_000) => stop(child, ended, graceMs),
    kill,
  };

  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    await ended;
  }
}

async function stop(child: ChildProcess, ended: Promise<Ending>, graceMs: number): Promise<number | null> {
  const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  child.kill('SIGTERM');
  const { status } = await ended;
  clearTimeout(killer);
  return status;
}

/** Below the ports that kernels give to outgoing connections: one of those could take it while its program restarts. */
const PORTS = { from: 10_000, to: 16_000 };

/** A port of the loopback interface that nobody listens on right now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listens = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (listens) await new Promise((resolve) => server.close(resolve));
  return listens;
}

/** Stops programs in the opposite order of their start. */
export async function stopAll(daemons: Daemon[]): Promise<void> {
  for (const daemon of daemons.splice(0).reverse()) await daemon.stop();
}
