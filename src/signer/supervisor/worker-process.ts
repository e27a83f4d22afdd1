import { type ChildProcess, fork } from 'node:child_process';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CountersignError, errorFromWire } from '../../errors.js';
import type { Logger } from '../../telemetry/index.js';
import type { CkrAction } from '../pkcs11/ckr.js'; // the table alone: the folder's index loads native code
import {
  messageSchema,
  PAYLOAD_FD,
  resultSchemas,
  type WorkerMessage,
  type WorkerRequest,
  type WorkerResult,
  type TaskOf,
  type WorkerTask,
  writePayloads,
} from '../worker/index.js';
import { systemTimers, type Timers } from './timers.js';

/** How a worker's process is made. */
export interface WorkerOptions {
  readonly logger: Logger;
  /** The built `worker-main.js`; this package’s own by default. */
  readonly workerPath?: string | undefined;
  /** Arguments for Node itself, e.g. a loader; none by default, and none of the parent's. */
  readonly execArgv?: readonly string[] | undefined;
  readonly timers?: Timers | undefined;
}

/** What became of one request. */
export type Answer<T> =
  | { readonly kind: 'done'; readonly result: T }
  /** The worker said no; `action` is what may be done about it. */
  | { readonly kind: 'failed'; readonly error: CountersignError; readonly action: CkrAction }
  /** There is no worker any more: it exited, or hung and was killed. Whether it did the work is not known. */
  | { readonly kind: 'gone'; readonly error: CountersignError };

/** What goes with a task of many signatures. */
export interface AskOptions<T> {
  /** What is to be signed. */
  readonly payloads?: readonly Uint8Array[] | undefined;
  /** Given what is made before the end of it. */
  readonly onSome?: ((some: T) => void) | undefined;
}

type AnswerMessage = Exclude<WorkerMessage, { type: 'hello' }>;

/** How much of a worker's last words is kept, for one that does not even come to its first message. */
const MAX_LAST_WORDS = 2000;

/** One worker process; it has one request at a time. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  /** What many signatures are made over goes here; null for a process that could not be started. */
  readonly #payloads: Writable | null;
  readonly #timers: Timers;
  /** Resolves when the process is gone, with how it ended. */
  readonly exited: Promise<string>;
  #open: { id: number; answer: (message: AnswerMessage) => void; end: (why: string) => void } | null = null;
  #nextId = 1;
  #lastWords = '';

  /**
   * @param moduleEnvironment the whole environment of the process: the parent's may hold anything. Its working
   *   directory is `/`, because some modules prefer a configuration file found there to the one they are told of.
   */
  constructor(options: WorkerOptions, moduleEnvironment: Readonly<Record<string, string>>) {
    this.#timers = options.timers ?? systemTimers;
    this.#child = fork(options.workerPath ?? fileURLToPath(import.meta.resolve('#signer-worker')), [], {
      env: { ...moduleEnvironment },
      cwd: '/',
      execArgv: [...(options.execArgv ?? [])],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    });
    const pipe = this.#child.stdio[PAYLOAD_FD];
    this.#payloads = pipe instanceof Writable ? pipe : null;
    this.#payloads?.on('error', () => this.kill()); // a worker that cannot be handed its payloads is of no use
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal ?? `exit code ${String(code)}`));
      this.#child.on('error', (error) => {
        if (this.#child.pid === undefined) resolve(error.message);
      });
    });
    void this.exited.then((how) => this.#open?.end(how));
    this.#child.on('message', (raw) => this.#receive(raw));
    // Once a module is loaded its chatter could hold anything, so only what comes before is kept.
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      if (this.#lastWords.length < MAX_LAST_WORDS) this.#lastWords += chunk.toString('utf8');
    });
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  /**
   * Gives the worker one task and waits for its answer; a worker from which nothing came for `timeoutMs` is killed.
   * Never rejects.
   */
  async ask<T extends WorkerTask['type']>(
    task: TaskOf<T>,
    timeoutMs: number,
    { payloads = [], onSome = () => undefined }: AskOptions<WorkerResult<T>> = {},
  ): Promise<Answer<WorkerResult<T>>> {
    const id = this.#nextId++;
    let disarm: () => void = () => undefined;
    try {
      return await new Promise<Answer<WorkerResult<T>>>((resolve) => {
        const end = (how: string): void =>
          resolve(gone(`a worker ended during ${task.type}: ${how}${this.#lastWordsText()}`));
        const arm = (): void => {
          disarm();
          disarm = this.#timers.after(timeoutMs, () => {
            this.kill();
            resolve(gone(`a worker gave no answer to ${task.type} in ${timeoutMs} ms and was killed`));
          });
        };
        const answer = (message: AnswerMessage): void => {
          const judged = this.#judge<T>(task.type, message);
          if (message.type !== 'some' || judged.kind !== 'done') return resolve(judged);
          arm();
          onSome(judged.result);
        };
        this.#open = { id, answer, end };
        arm();
        if (this.#child.connected) this.#send({ id, task }, payloads);
        else void this.exited.then(end);
      });
    } finally {
      disarm();
      this.#open = null;
    }
  }

  /** Has the worker log out and exit; kills it if it does not. Resolves when it is gone. */
  async close(timeoutMs: number): Promise<void> {
    const disarm = this.#timers.after(timeoutMs, () => this.kill());
    if (this.#child.connected) this.#send({ id: this.#nextId++, task: { type: 'close' } });
    await this.exited;
    disarm();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #send(request: WorkerRequest, payloads: readonly Uint8Array[] = []): void {
    this.#child.send(request, (error) => {
      if (error !== null) this.kill(); // a worker that cannot be spoken to is of no use
    });
    if (this.#payloads !== null && payloads.length > 0) writePayloads(this.#payloads, request.id, payloads);
  }

  #receive(raw: unknown): void {
    const message = messageSchema.safeParse(raw);
    if (!message.success) this.kill();
    else if (message.data.type === 'hello') {
      this.#lastWords = '';
      this.#child.stderr?.removeAllListeners('data').resume();
    } else if (message.data.id === this.#open?.id) this.#open.answer(message.data);
  }

  #judge<T extends WorkerTask['type']>(type: WorkerTask['type'], message: AnswerMessage): Answer<WorkerResult<T>> {
    if (message.type === 'failed') {
      return { kind: 'failed', error: errorFromWire(message.error), action: message.action };
    }
    const schema: { safeParse(value: unknown): { success: boolean; data?: unknown } } = resultSchemas[type];
    const result = schema.safeParse(message.result);
    if (isResult<T>(result)) return { kind: 'done', result: result.data };
    this.kill();
    return gone(`a worker answered ${type} with something else and was killed`);
  }

  #lastWordsText(): string {
    return this.#lastWords === '' ? '' : `; it said: ${this.#lastWords.slice(0, MAX_LAST_WORDS).trim()}`;
  }
}

function gone(message: string): Answer<never> & { kind: 'gone' } {
  return { kind: 'gone', error: new CountersignError('WORKER_UNAVAILABLE', message) };
}

function isResult<T extends WorkerTask['type']>(parsed: {
  success: boolean;
  data?: unknown;
}): parsed is { success: true; data: WorkerResult<T> } {
  return parsed.success;
}
