import { Readable, Writable } from 'node:stream';
import { runCommandLine } from '../../src/cli/index.js';

export interface CliRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliWorld {
  readonly home?: string;
  /** The client configuration, as if it were named in the environment. */
  readonly config?: string;
  readonly stdin?: string;
  readonly now?: Date;
  /** Address of the service and bearer token, as if they stood in the environment. */
  readonly url?: string;
  readonly bearer?: string;
  /** Interrupts the command once its output holds this. */
  readonly until?: string;
}

/** Runs a command line in this process, with streams of its own, no terminal, and the given home folder. */
export async function cli(args: readonly string[], world: CliWorld = {}): Promise<CliRun> {
  const interruption = new AbortController();
  const stdout = collector((text) => {
    if (world.until !== undefined && text.includes(world.until)) interruption.abort();
  });
  const stderr = collector(() => undefined);
  const status = await runCommandLine(args, {
    stdin: Readable.from(world.stdin === undefined ? [] : [Buffer.from(world.stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    now: () => world.now ?? new Date(),
    settings: {
      home: world.home ?? '/nonexistent',
      configPath: world.config,
      url: world.url,
      bearer: world.bearer,
      credentialsDirectory: undefined,
      environment: process.env,
    },
    interrupted: interruption.signal,
  });
  return { status, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(wrote: (text: string) => void): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer | string, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      wrote(Buffer.concat(chunks).toString('utf8'));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
