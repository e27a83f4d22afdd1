import { CountersignError, errorToWire } from '../../errors.js';
import type { Signature } from '../../tuf/index.js';
import { requireWithinLimit } from '../key-rules/index.js';
import type {
  CanaryKey,
  RequireRight,
  SignJob,
  TokenConfig,
  TokenKey,
  TokenPool,
  TokenState,
  TokenStatus,
  WorkerState,
} from '../token-types.js';
import type { TaskOf, WorkerResult } from '../worker/index.js';
import { backOffMs } from './back-off.js';
import { ComingSignatures } from './coming-signatures.js';
import { JobQueue } from './job-queue.js';
import { describeToken, openTask, requireTokenConfig, startTimeoutMs } from './open-task.js';
import { createStartGate, type StartGate } from './start-gate.js';
import { systemTimers, type Timers } from './timers.js';
import { type Answer, type AskOptions, type WorkerOptions, WorkerProcess } from './worker-process.js';

export interface PoolOptions extends WorkerOptions {
  /** The signer's state directory: the record of refused PINs lives there. */
  readonly stateDir: string;
  /** Shared by all pools of a signer, so that only one worker at a time starts. */
  readonly startGate?: StartGate | undefined;
  /** Told how long a job had to wait for a worker, each time that it is given one. */
  readonly onJobTaken?: ((token: string, waitedSeconds: number) => void) | undefined;
}

const DEFAULT_UNAVAILABLE_AFTER_MS = 60_000;
const CLOSE_TIMEOUT_MS = 5_000;
/** Workers that one job may use up, beside one for each of the pool: all of them may hold the same lost token. */
const EXTRA_TRIES = 3;

interface Job {
  tries: number;
  readonly maxTries: number;
  /** `performance.now()` when it was put into the queue. */
  queuedMs: number;
  /** Hands the result to whoever waits for it, if there is one. */
  attempt(worker: WorkerProcess): Promise<Answer<unknown>>;
  reject(error: CountersignError): void;
  stopWaiting: (() => void) | null;
}

interface SubmitOptions<T> extends AskOptions<T> {
  readonly maxTries?: number;
  /** Told which worker does it, each time that one takes it. */
  readonly onTaken?: (worker: WorkerProcess) => void;
}

interface Slot {
  worker: WorkerProcess | null;
  state: WorkerState;
  restarts: number;
  /** Starts and crashes since the last job that was done. */
  failures: number;
  /** Called when its first start has come to an end, one way or the other. */
  triedOnce(): void;
}

/**
 * The workers of one token. Each slot lives in a loop of its own: start a worker, let it work off jobs until it is
 * spent, pause, start the next one.
 */
export class WorkerPool implements TokenPool {
  readonly #config: TokenConfig;
  readonly #options: PoolOptions;
  readonly #timers: Timers;
  readonly #gate: StartGate;
  readonly #queue = new JobQueue<Job>();
  readonly #slots: readonly Slot[];
  /** Aborted when no job is taken any more; a new one when the pool begins again. */
  #end = new AbortController();
  /** Ends the pauses under way. */
  readonly #pauses = new Set<() => void>();
  #known: ReadonlyMap<string, TokenKey> = new Map();
  #canary: CanaryKey | null = null;
  #token: { label: string; serial: string } | null = null;
  /** Why the last start failed. */
  #trouble: { error: CountersignError; hopeless: boolean } | null = null;
  /** Why no job is taken any more. */
  #ended: { state: 'stopped' | 'closed'; error: CountersignError } | null = null;
  #lives: Promise<unknown> = Promise.resolve();
  #isBeginningAnew = false;
  /** Until the slots of a stopped pool are all out. */
  #beginning: Promise<unknown> = Promise.resolve();

  private constructor(config: TokenConfig, options: PoolOptions) {
    this.#config = config;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#gate = options.startGate ?? createStartGate();
    this.#slots = Array.from({ length: config.workers }, () => ({
      worker: null,
      state: 'starting',
      restarts: 0,
      failures: 0,
      triedOnce: () => undefined,
    }));
  }

  /**
   * Starts the workers and resolves when each was tried once. A token that is not there, or a PIN that is refused, is
   * no error here: `status` tells, and so does every job.
   *
   * @throws CONFIG_INVALID
   */
  static async open(config: TokenConfig, options: PoolOptions): Promise<WorkerPool> {
    requireTokenConfig(config);
    const pool = new WorkerPool(config, options);
    const tried = pool.#slots.map((slot) => new Promise<void>((resolve) => (slot.triedOnce = resolve)));
    pool.#lives = Promise.all(pool.#slots.map((slot) => pool.#live(slot)));
    await Promise.all(tried);
    return pool;
  }

  async sign(job: SignJob): Promise<{ signature: Signature }> {
    await this.#requireFitting(job.keyid, job.payload.length);
    return this.#submit({ type: 'sign', ...job });
  }

  async signAll(
    keyid: string,
    payloads: readonly Uint8Array[],
    requireRight: RequireRight,
  ): Promise<{ signatures: readonly Signature[]; tookMs: number }> {
    const lengths = payloads.map(({ length }) => length);
    await this.#requireFitting(keyid, Math.max(...lengths));
    const task: TaskOf<'sign-all'> = { type: 'sign-all', keyid, lengths };
    for (let tries = 1; ; tries += 1) {
      const takers: WorkerProcess[] = [];
      let coming = new ComingSignatures(requireRight);
      let takenMs = performance.now();
      const last = await this.#submit(task, {
        payloads,
        onTaken: (worker) => {
          takers.push(worker);
          takenMs = performance.now();
          coming = new ComingSignatures(requireRight); // this one begins anew
        },
        onSome: ({ signatures }) => coming.add(signatures),
      });
      const tookMs = performance.now() - takenMs;
      coming.add(last.signatures);
      try {
        return { signatures: await coming.all(payloads.length), tookMs };
      } catch (error) {
        const { code } = errorToWire(error);
        this.#options.logger.error('a worker that signed wrongly is replaced', {
          token: describeToken(this.#config),
          ...{ code, keyid, pid: takers.at(-1)?.pid },
        });
        takers.at(-1)?.kill(); // it is not to be trusted with what it does next
        if (tries === this.#mostTries) throw error;
      }
    }
  }

  async prove(job: SignJob): Promise<{ signature: Signature }> {
    await this.#requireFitting(job.keyid, job.payload.length);
    return this.#submit({ type: 'prove', ...job });
  }

  async signCanary({ keyid, payload }: SignJob): Promise<{ signature: Signature }> {
    return this.#submit({ type: 'canary', keyid, payload }, { maxTries: 1 });
  }

  async keys(): Promise<TokenKey[]> {
    if (this.#isReady() || this.#known.size === 0) await this.#refresh();
    return [...this.#known.values()].filter(({ role }) => this.#config.roles?.includes(role) ?? true);
  }

  status(): TokenStatus {
    const isReady = this.#isReady();
    const error = this.#ended?.error ?? this.#trouble?.error;
    return {
      label: this.#token?.label ?? this.#config.label ?? null,
      serial: this.#token?.serial ?? this.#config.serial ?? null,
      state: this.#state(),
      error: isReady || error === undefined ? null : errorToWire(error),
      canary: this.#canary,
      roles: this.#config.roles ?? null,
      queued: this.#queue.length,
      workers: this.#slots.map(({ worker, state, restarts }) => ({ pid: worker?.pid ?? null, state, restarts })),
    };
  }

  async close(): Promise<void> {
    this.#endWith('closed', new CountersignError('SIGNER_STOPPING', 'the signer is stopping'));
    await this.#lives;
  }

  async lookAgain(): Promise<void> {
    if (this.#ended?.state === 'stopped' && !this.#isBeginningAnew) {
      this.#isBeginningAnew = true;
      // its slots are on their way out; they begin anew once all of them are
      this.#beginning = this.#lives;
      this.#lives = this.#lives.then(() => this.#beginAnew());
    }
    await this.#beginning;
    if (this.#ended !== null) return;
    const without = this.#slots.filter(({ state }) => state !== 'idle' && state !== 'busy');
    const tried = without.map((slot) => new Promise<void>((resolve) => (slot.triedOnce = resolve)));
    for (const wake of this.#pauses) wake();
    await Promise.all(tried);
  }

  async #beginAnew(): Promise<void> {
    this.#isBeginningAnew = false;
    if (this.#ended?.state === 'closed') return;
    this.#ended = null;
    this.#trouble = null;
    this.#end = new AbortController();
    await Promise.all(
      this.#slots.map((slot) => {
        slot.failures = 0;
        return this.#live(slot);
      }),
    );
  }

  async #live(slot: Slot): Promise<void> {
    while (!this.#hasEnded()) {
      slot.state = 'starting';
      const worker = await this.#gate(() => this.#start(slot));
      slot.triedOnce();
      if (worker !== null) await this.#serve(slot, worker);
      slot.worker = null;
      slot.state = 'waiting';
      this.#availabilityChanged();
      await this.#pause(backOffMs(slot.failures));
      if (!this.#hasEnded()) slot.restarts += 1;
    }
    slot.state = 'stopped';
    slot.triedOnce();
  }

  /** Null if the worker did not come to log in; it is gone then. */
  async #start(slot: Slot): Promise<WorkerProcess | null> {
    if (this.#hasEnded()) return null;
    const worker = new WorkerProcess(this.#options, this.#config.moduleEnvironment);
    slot.worker = worker;
    const answer = await worker.ask(openTask(this.#config, this.#options.stateDir), startTimeoutMs(this.#config));
    if (answer.kind === 'done') {
      const { label, serial } = answer.result;
      this.#token = { label, serial };
      this.#learn(answer.result);
      this.#trouble = null;
      slot.state = 'idle';
      this.#options.logger.info('worker started', { token: label, serial, pid: worker.pid });
      this.#availabilityChanged();
      return worker;
    }
    slot.failures += 1;
    slot.state = 'waiting';
    this.#log('worker did not start', answer.error, slot);
    if (answer.kind === 'failed') {
      await worker.close(CLOSE_TIMEOUT_MS);
      if (answer.action === 'stop-pin' || answer.action === 'stop-locked') this.#stop(answer.error);
    }
    this.#trouble = { error: answer.error, hopeless: answer.kind === 'failed' && answer.action === 'fatal' };
    this.#availabilityChanged();
    return null;
  }

  /** Gives the worker jobs until it is spent or the pool ends. It is gone afterwards. */
  async #serve(slot: Slot, worker: WorkerProcess): Promise<void> {
    const died = new AbortController();
    void worker.exited.then(() => died.abort());
    const signal = AbortSignal.any([this.#end.signal, died.signal]);
    for (let job = await this.#queue.take(signal); job !== null; job = await this.#queue.take(signal)) {
      slot.state = 'busy';
      this.#options.onJobTaken?.(this.#token?.label ?? '', (performance.now() - job.queuedMs) / 1000);
      job.stopWaiting?.();
      job.stopWaiting = null;
      const answer = await job.attempt(worker);
      if (answer.kind === 'done') {
        slot.failures = 0;
      } else if (answer.kind === 'failed' && answer.action === 'fatal') {
        job.reject(answer.error);
      } else {
        slot.state = 'waiting';
        slot.failures += 1;
        this.#log('a job has to be repeated', answer.error, slot);
        this.#afterFailure(job, answer);
        await worker.close(answer.kind === 'gone' ? 0 : CLOSE_TIMEOUT_MS);
        return;
      }
      slot.state = 'idle';
    }
    slot.state = 'waiting';
    if (died.signal.aborted) {
      slot.failures += 1;
      this.#log('idle worker ended', new CountersignError('WORKER_UNAVAILABLE', await worker.exited), slot);
    }
    await worker.close(CLOSE_TIMEOUT_MS);
  }

  #afterFailure(job: Job, answer: Answer<unknown> & { kind: 'failed' | 'gone' }): void {
    if (answer.kind === 'failed' && (answer.action === 'stop-pin' || answer.action === 'stop-locked')) {
      this.#stop(answer.error);
    }
    job.tries += 1;
    if (this.#ended !== null) job.reject(this.#ended.error);
    else if (job.tries >= job.maxTries) job.reject(answer.error);
    else {
      job.queuedMs = performance.now();
      this.#queue.putBack(job);
      this.#availabilityChanged();
    }
  }

  async #submit<T extends 'sign' | 'sign-all' | 'canary' | 'prove' | 'keys'>(
    task: TaskOf<T>,
    { maxTries = this.#mostTries, onTaken, ...more }: SubmitOptions<WorkerResult<T>> = {},
  ): Promise<WorkerResult<T>> {
    this.#refuseIfHopeless();
    return new Promise((resolve, reject) => {
      this.#queue.add({
        tries: 0,
        maxTries,
        queuedMs: performance.now(),
        attempt: async (worker) => {
          onTaken?.(worker);
          const answer = await worker.ask(task, this.#config.signTimeoutMs, more);
          if (answer.kind === 'done') resolve(answer.result);
          return answer;
        },
        reject,
        stopWaiting: null,
      });
      this.#availabilityChanged();
    });
  }

  get #mostTries(): number {
    return this.#slots.length + EXTRA_TRIES;
  }

  async #refresh(): Promise<void> {
    this.#learn(await this.#submit({ type: 'keys' }));
  }

  #learn({ keys, canary }: WorkerResult<'keys'>): void {
    this.#known = new Map(keys.map((key) => [key.keyid, key]));
    this.#canary = canary;
  }

  /** While no worker is there, the clock of every waiting job runs; or, with an error that only people mend, stops it. */
  #availabilityChanged(): void {
    const isReady = this.#isReady();
    for (const job of this.#queue.waiting()) {
      if (isReady) {
        job.stopWaiting?.();
        job.stopWaiting = null;
      } else if (this.#trouble?.hopeless === true) {
        this.#giveUp(job, this.#trouble.error);
      } else {
        job.stopWaiting ??= this.#timers.after(this.#config.unavailableAfterMs ?? DEFAULT_UNAVAILABLE_AFTER_MS, () =>
          this.#giveUp(job, this.#unavailable()),
        );
      }
    }
  }

  #giveUp(job: Job, error: CountersignError): void {
    job.stopWaiting?.();
    if (this.#queue.remove(job)) job.reject(error);
  }

  #unavailable(): CountersignError {
    const cause = this.#trouble?.error;
    const reason = cause === undefined ? 'no worker could log in' : cause.message;
    return new CountersignError('TOKEN_UNAVAILABLE', `${describeToken(this.#config)} is not available: ${reason}`, {
      hint: 'it is looked for again and again; the same request may be repeated',
      ...(cause === undefined ? {} : { cause, details: { reason: cause.code } }),
    });
  }

  #refuseIfHopeless(): void {
    if (this.#ended !== null) throw this.#ended.error;
    if (!this.#isReady() && this.#trouble?.hopeless === true) throw this.#trouble.error;
  }

  async #requireFitting(keyid: string, messageBytes: number): Promise<void> {
    this.#refuseIfHopeless();
    if (!this.#known.has(keyid)) await this.#refresh();
    const key = this.#known.get(keyid);
    if (key === undefined) return;
    this.#requireRole(key);
    requireWithinLimit(keyid, messageBytes, key.maxMessageBytes);
  }

  #requireRole({ keyid, role }: TokenKey): void {
    if (this.#config.roles?.includes(role) ?? true) return;
    throw new CountersignError(
      'KEY_ROLE_MISMATCH',
      `${describeToken(this.#config)} may not sign for the role ${role}`,
      {
        details: { keyid, role },
      },
    );
  }

  /** For good: a PIN that was refused once is not tried by the next worker either. */
  #stop(error: CountersignError): void {
    this.#options.logger.error('token stopped', { token: describeToken(this.#config), code: error.code });
    this.#endWith('stopped', error);
  }

  #endWith(state: 'stopped' | 'closed', error: CountersignError): void {
    this.#ended = this.#ended === null || state === 'closed' ? { state, error } : this.#ended;
    this.#end.abort();
    for (const job of this.#queue.waiting()) this.#giveUp(job, error);
  }

  #hasEnded(): boolean {
    return this.#ended !== null;
  }

  #isReady(): boolean {
    return this.#ended === null && this.#slots.some(({ state }) => state === 'idle' || state === 'busy');
  }

  #state(): TokenState {
    if (this.#ended !== null) return this.#ended.state;
    if (this.#isReady()) return 'ready';
    return this.#trouble === null && this.#token === null ? 'starting' : 'unavailable';
  }

  async #pause(delayMs: number): Promise<void> {
    if (delayMs === 0 || this.#hasEnded()) return;
    const end = this.#end.signal;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        disarm();
        end.removeEventListener('abort', done);
        this.#pauses.delete(done);
        resolve();
      };
      const disarm = this.#timers.after(delayMs, done);
      end.addEventListener('abort', done);
      this.#pauses.add(done);
    });
  }

  #log(what: string, error: CountersignError, slot: Slot): void {
    const { code, message } = error;
    const token = describeToken(this.#config);
    this.#options.logger.warn(what, { token, code, reason: message, failures: slot.failures, pid: slot.worker?.pid });
  }
}
