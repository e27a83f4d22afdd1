import { CountersignError, type ErrorCode, errorToWire } from '../../errors.js';
import type { Signature } from '../../tuf/index.js';
import type { Logger } from '../../telemetry/index.js';
import type { SignerObserver } from './signer-metrics.js';
import type { RequireRight, TokenKey, TokenPool, TokenStatus } from '../token-types.js';
import { BatchSizes } from './batches.js';

/** All tokens of a signer: which keys they were last seen to hold, and signing with them. */
export class Tokens {
  readonly #seen = new Map<TokenPool, readonly TokenKey[]>();
  readonly #reading = new Map<TokenPool, Promise<void>>();
  readonly #batchSizes = new BatchSizes();

  constructor(
    private readonly pools: readonly TokenPool[],
    private readonly logger: Logger,
    private readonly observer: Pick<SignerObserver, 'onSignature'> | null = null,
  ) {}

  /** As they were last read; a token that was not there yet adds nothing. */
  get keys(): readonly TokenKey[] {
    return this.pools.flatMap((pool) => this.#seen.get(pool) ?? []);
  }

  /** Keyids of the canary keys, as they were last seen. */
  get canaries(): ReadonlySet<string> {
    return new Set(this.pools.flatMap((pool) => pool.status().canary?.keyid ?? []));
  }

  /** Whether every token was read at least once. */
  get allRead(): boolean {
    return this.pools.every((pool) => this.#seen.has(pool));
  }

  /**
   * Reads the tokens until the keys are what the caller waits for, or every token that is there has answered. A token that is not there
   * is passed over: its pool would wait for it, and so would whoever needs another one.
   */
  async readUntil(enough: (keys: readonly TokenKey[]) => boolean): Promise<void> {
    const reads = new Set<Promise<void>>();
    for (const pool of this.pools.filter((candidate) => candidate.status().state === 'ready')) {
      const read = this.#read(pool).finally(() => reads.delete(read));
      reads.add(read);
    }
    while (reads.size > 0 && !enough(this.keys)) await Promise.race(reads);
  }

  /** Labels of the tokens that cannot sign at the moment. */
  get absent(): ReadonlySet<string> {
    return new Set(
      this.status().flatMap(({ state, label, serial }) => (state === 'ready' ? [] : [label ?? serial ?? ''])),
    );
  }

  /** How many signatures can be under way at a time without one waiting for a worker. */
  get workers(): number {
    return this.status().reduce((sum, { workers }) => sum + workers.length, 0);
  }

  /** Has a token's key prove itself; nothing but such a text is signed. @throws as `sign` */
  async prove(keyid: string, payload: Buffer): Promise<Signature> {
    const startedMs = performance.now();
    const { signature } = await this.#poolOf(keyid).prove({ keyid, payload });
    this.#batchSizes.took(keyid, 1, performance.now() - startedMs);
    return signature;
  }

  /**
   * Looks for a token at once that is not there, or was stopped.
   *
   * @returns how it is then
   * @throws TOKEN_NOT_FOUND none has that label or serial number
   */
  async lookAgain(name: string): Promise<TokenStatus> {
    const pool = this.pools.find((candidate) => {
      const { label, serial } = candidate.status();
      return label === name || serial === name;
    });
    if (pool === undefined) {
      throw new CountersignError('TOKEN_NOT_FOUND', `no token ${name} is configured`, { details: { token: name } });
    }
    await pool.lookAgain();
    return pool.status();
  }

  /** @throws what the token's pool throws; KEY_NOT_FOUND if no token was seen to hold the key */
  async sign(keyid: string, payload: Buffer): Promise<Signature> {
    const pool = this.#poolOf(keyid);
    return this.#observed(pool, keyid, 1, async () => (await pool.sign({ keyid, payload })).signature);
  }

  /** Several in one go, in their order, each given to `requireRight` (`TokenPool.signAll`). @throws as `sign` */
  async signAll(keyid: string, payloads: readonly Buffer[], requireRight: RequireRight): Promise<void> {
    const pool = this.#poolOf(keyid);
    await this.#observed(pool, keyid, payloads.length, async () => {
      const { tookMs } = await pool.signAll(keyid, payloads, requireRight);
      this.#batchSizes.took(keyid, payloads.length, tookMs);
    });
  }

  /** How many to sign in one go with a key, by how long it took so far. */
  batchSizeOf(keyid: string): number {
    return this.#batchSizes.of(keyid);
  }

  status(): TokenStatus[] {
    return this.pools.map((pool) => pool.status());
  }

  async close(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.close()));
  }

  /** Tells of each signature; of several that were made in one go the time that each took. */
  async #observed<T>(pool: TokenPool, keyid: string, count: number, work: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const tell = (code: ErrorCode | null): void => {
      const token = pool.status().label ?? '';
      const seconds = (performance.now() - startedMs) / 1000 / count;
      for (let made = 0; made < count; made += 1) this.observer?.onSignature({ keyid, token, seconds, code });
    };
    try {
      const result = await work();
      tell(null);
      return result;
    } catch (error) {
      tell(errorToWire(error).code);
      throw error;
    }
  }

  #poolOf(keyid: string): TokenPool {
    const pool = this.pools.find((candidate) => this.#seen.get(candidate)?.some((key) => key.keyid === keyid));
    if (pool !== undefined) return pool;
    throw new CountersignError('KEY_NOT_FOUND', `no token holds the key ${keyid}`, { details: { keyid } });
  }

  /** One reading of a token at a time; who comes meanwhile waits for that one. */
  #read(pool: TokenPool): Promise<void> {
    const running = this.#reading.get(pool);
    if (running !== undefined) return running;
    const reading = pool
      .keys()
      .then(
        (keys) => void this.#seen.set(pool, keys),
        (error: unknown) => {
          const { label, serial } = pool.status();
          this.logger.warn('the keys of a token cannot be read', { label, serial, error: errorToWire(error) });
        },
      )
      .finally(() => this.#reading.delete(pool));
    this.#reading.set(pool, reading);
    return reading;
  }
}
