import type { CanaryReport } from '../protocol.js';
import type { SignerState } from '../journal/index.js';
import type { TokenPool } from '../token-types.js';
import { TokenCanary } from './token-canary.js';

/** Whoever asks is answered by then, with what is known: load balancers do not wait. */
const ANSWER_WITHIN_MS = 1_000;

export interface CanaryParts {
  readonly pools: readonly TokenPool[];
  readonly state: () => SignerState;
  readonly now: () => Date;
  readonly elapsedMs?: () => number;
}

/** The canaries of all tokens of a signer. */
export class Canary {
  readonly #tokens: readonly TokenCanary[];

  constructor({ pools, elapsedMs = () => performance.now(), ...parts }: CanaryParts) {
    this.#tokens = pools.map((pool) => new TokenCanary({ pool, elapsedMs, ...parts }));
  }

  /** Has stale proofs made anew and does not wait for them. */
  begin(): void {
    for (const token of this.#tokens) void token.refresh();
  }

  /** Has stale proofs made anew and tells how they stand, at the latest after a second. */
  async ask(): Promise<CanaryReport> {
    const proved = Promise.all(this.#tokens.map((token) => token.refresh()));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, ANSWER_WITHIN_MS)));
    await Promise.race([proved, patience]);
    clearTimeout(timer);
    return this.report();
  }

  /** As `ask`, without asking anything of a token. */
  report(): CanaryReport {
    return { tokens: this.#tokens.map((token) => token.report()) };
  }
}
