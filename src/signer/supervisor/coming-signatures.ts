import { CountersignError } from '../../errors.js';
import type { Signature } from '../../tuf/index.js';
import type { RequireRight } from '../token-types.js';

/** Signatures that a worker makes one after another, verified in their order while it makes others. */
export class ComingSignatures {
  readonly #signatures: Signature[] = [];
  #verified: Promise<void> = Promise.resolve();

  constructor(private readonly requireRight: RequireRight) {}

  add(some: readonly Signature[]): void {
    const first = this.#signatures.length;
    this.#signatures.push(...some);
    this.#verified = this.#verified.then(() => this.requireRight(some, first));
    // whoever waits for all of them hears of it; until then nobody listens
    this.#verified.catch(() => undefined);
  }

  /** Once all that were added are verified. @throws what `requireRight` throws; TOKEN_FAILED if there are not so many */
  async all(count: number): Promise<readonly Signature[]> {
    const { length } = this.#signatures;
    if (length !== count) throw new CountersignError('TOKEN_FAILED', `a worker made ${length} of ${count} signatures`);
    await this.#verified;
    return this.#signatures;
  }
}
