import type { Readable, Writable } from 'node:stream';
import type { SignerOptions } from '../signer/index.js';
import type { ServiceHooks } from './service/service-hooks.js';

/** What a command may touch of the world. Made by main, so that a test can hand in its own. */
export interface CliContext {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly now: () => Date;
  /** What main read from the environment. Bearer tokens may come from there, PINs never. */
  readonly settings: {
    readonly home: string;
    readonly configPath: string | undefined;
    readonly url: string | undefined;
    readonly bearer: string | undefined;
    readonly credentialsDirectory: string | undefined;
    /** Handed on to ssh-keygen, which finds agent, terminal and askpass program through it. */
    readonly environment: Readonly<Record<string, string | undefined>>;
  };
  /** Ends with SIGINT or SIGTERM. */
  readonly interrupted: AbortSignal;
  /** For tests: what `serve` and `signer run` call at their named steps. */
  readonly hooks?: { readonly service?: ServiceHooks; readonly signer?: Pick<SignerOptions, 'onStep'> };
}
