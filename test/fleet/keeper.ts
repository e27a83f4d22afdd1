import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** A program that is started again whenever it ends, as a service manager does. */
export interface Kept {
  readonly name: string;
  /** Null between its end and its next start. */
  pid(): number | null;
  /** SIGKILL; false if there is nothing to kill just now. */
  kill(): boolean;
  /** How it ended without having been killed here, e.g. `exit code 3`. */
  readonly unasked: readonly string[];
  readonly starts: () => number;
  /** SIGTERM, and no further start. Resolves with how it ended. */
  stop(): Promise<string>;
}

export function keep(
  name: string,
  args: readonly string[],
  { env, logFile }: { env: NodeJS.ProcessEnv; logFile: string },
): Kept {
  const unasked: string[] = [];
  let starts = 0;
  let asked = false;
  let stopping = false;
  let child: ChildProcess | null = null;
  let onEnd: (how: string) => void = () => undefined;

  const start = (): void => {
    const log = openSync(logFile, 'a');
    const started = spawn(process.execPath, args, { env, stdio: ['ignore', log, log] });
    closeSync(log);
    starts += 1;
    asked = false;
    child = started;
    started.once('exit', (code, signal) => {
      const how = signal ?? `exit code ${String(code)}`;
      child = null;
      onEnd(how);
      if (!asked) unasked.push(how);
      if (!stopping) start();
    });
  };
  const end = (signal: NodeJS.Signals): boolean => {
    if (child === null || asked) return false;
    asked = true;
    return child.kill(signal);
  };

  start();
  return {
    name,
    unasked,
    pid: () => child?.pid ?? null,
    kill: () => end('SIGKILL'),
    starts: () => starts,
    stop: async () => {
      stopping = true;
      if (child === null) return 'was not running';
      const ended = new Promise<string>((resolve) => (onEnd = resolve));
      asked = true;
      child.kill('SIGTERM');
      return ended;
    },
  };
}
