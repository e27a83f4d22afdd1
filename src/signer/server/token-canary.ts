import { randomBytes } from 'node:crypto';
import { CountersignError, type ErrorWire, errorToWire, isCountersignError } from '../../errors.js';
import { verifySignature } from '../../tuf/index.js';
import { requireCanary } from '../decide/index.js';
import type { SignerState } from '../journal/index.js';
import { canaryText } from '../key-rules/index.js';
import type { CanaryReport } from '../protocol.js';
import type { CanaryKey, TokenPool } from '../token-types.js';

/** A proof is good for so long; a failure is looked into again sooner. */
const KEPT_MS = { ok: 10_000, failed: 2_000, none: 60_000 };
/** So long a proof may take before the token counts as one that does not sign: by default a worker that hangs is killed by then. */
const OVERDUE_MS = 30_000;

type Outcome = { readonly state: 'ok' | 'none' } | { readonly state: 'failed'; readonly error: ErrorWire };

export interface TokenCanaryParts {
  readonly pool: TokenPool;
  readonly state: () => SignerState;
  readonly now: () => Date;
  /** Milliseconds of a clock that never goes back. */
  readonly elapsedMs: () => number;
}

/** Whether one token really signs: proved by a signature every so often, when somebody asks, and one at a time. */
export class TokenCanary {
  #last: { readonly outcome: Outcome; readonly at: Date; readonly atMs: number } | null = null;
  #running: { readonly sinceMs: number; readonly done: Promise<void> } | null = null;

  constructor(private readonly parts: TokenCanaryParts) {}

  /** Begins a proof unless one is under way or the last is fresh; resolves when none is under way. */
  async refresh(): Promise<void> {
    const nowMs = this.parts.elapsedMs();
    const last = this.#last;
    const isFresh = last !== null && nowMs - last.atMs < KEPT_MS[last.outcome.state];
    if (this.#running === null && !isFresh) this.#running = { sinceMs: nowMs, done: this.#run() };
    await this.#running?.done;
  }

  report(): CanaryReport['tokens'][number] {
    const { label, serial, canary } = this.parts.pool.status();
    const head = {
      label: label ?? serial ?? '',
      keyid: canary?.keyid ?? null,
      at: this.#last?.at.toISOString() ?? null,
    };
    const waitedMs = this.#running === null ? 0 : this.parts.elapsedMs() - this.#running.sinceMs;
    if (waitedMs >= OVERDUE_MS) {
      return { ...head, state: 'failed', code: 'TOKEN_UNAVAILABLE', message: `no signature for ${waitedMs / 1000} s` };
    }
    const outcome = this.#last?.outcome;
    if (outcome === undefined) return { ...head, state: 'pending', message: 'not proved yet' };
    if (outcome.state !== 'failed') return { ...head, state: outcome.state };
    const { code, message } = outcome.error;
    return { ...head, state: 'failed', code, message };
  }

  async #run(): Promise<void> {
    const outcome = await this.#prove().catch((error: unknown): Outcome => {
      return { state: 'failed', error: errorToWire(error) };
    });
    this.#last = { outcome, at: this.parts.now(), atMs: this.parts.elapsedMs() };
    this.#running = null;
  }

  async #prove(): Promise<Outcome> {
    const { pool } = this.parts;
    const { state, error } = pool.status();
    if (state !== 'ready') {
      // a job would wait for it; whoever asks wants to know how it is now
      return { state: 'failed', error: { code: error?.code ?? 'TOKEN_UNAVAILABLE', message: `the token is ${state}` } };
    }
    if (pool.status().canary === null) await pool.keys(); // it may have been made since
    const { canary } = pool.status();
    if (canary === null) return { state: 'none' };
    await this.#sign(canary);
    return { state: 'ok' };
  }

  async #sign({ keyid, key }: CanaryKey): Promise<void> {
    const { pool, now, state } = this.parts;
    requireCanary(keyid, state());
    const payload = canaryText(now(), randomBytes(16));
    try {
      const { signature } = await pool.signCanary({ keyid, payload });
      verifySignature(key, { ...signature, keyid }, payload);
    } catch (error) {
      // the key may have been replaced: then the next proof is by the new one
      if (isCountersignError(error, 'KEY_NOT_FOUND')) await pool.keys();
      if (!isCountersignError(error, 'SIGNATURE_INVALID')) throw error;
      throw new CountersignError('SIGNATURE_WRONG', 'the canary signature does not verify', { cause: error });
    }
  }
}
