import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface RunningScript {
  readonly pid: number;
  /** The next line it writes to stdout. @throws if it ends before */
  line(): Promise<string>;
  kill(): Promise<void>;
}

/**
 * Runs the text of an ES module in a Node of its own, from the repository's root, where it can import `./src/….ts`. For what must not happen in jest's own process: native code, and being killed.
 */
export function runScript(text: string): RunningScript {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', text], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    async line() {
      const next = await lines.next();
      if (next.done === true) throw new Error('the script ended without a further line');
      return next.value;
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
