import { Readable, Writable } from 'node:stream';
import { runCommandLine } from '../../src/cli/index.js';

export interface CliRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, with streams of its own, no terminal, and the given home folder. */
export async function cli(
  args: readonly string[],
  world: { home?: string; stdin?: string; now?: Date } = {},
): Promise<CliRun> {
  const stdout = collector();
  const stderr = collector();
  const status = await runCommandLine(args, {
    stdin: Readable.from(world.stdin === undefined ? [] : [Buffer.from(world.stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    now: () => world.now ?? new Date(),
    settings: {
      home: world.home ?? '/nonexistent',
      configPath: undefined,
      url: undefined,
      bearer: undefined,
      credentialsDirectory: undefined,
      environment: process.env,
    },
    interrupted: new AbortController().signal,
  });
  return { status, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer | string, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
