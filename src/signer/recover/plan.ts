import { CountersignError } from '../../errors.js';
import type { JournalBody } from '../journal/index.js';
import { sealEntry } from '../journal/line.js';
import type { StateFold } from '../journal/fold.js';
import type { TokenKey } from '../token-types.js';

/**
 * What a recovery would write, found step by step: each entry is at once applied to a state in memory, so that what comes next is
 * judged as the recovered signer will judge it, and nothing is written twice.
 */
export class RecoveryPlan {
  readonly bodies: JournalBody[] = [];

  /** @param state the fold of the journal that is there; it is changed, and nothing else may use it */
  constructor(
    readonly state: StateFold,
    readonly keys: readonly TokenKey[],
  ) {}

  add(bodies: readonly JournalBody[]): void {
    for (const body of bodies) {
      const { entry } = sealEntry(this.state.head, this.state.head.at, body);
      try {
        this.state.apply(entry);
      } catch (cause) {
        throw new CountersignError('RECOVERY_MISMATCH', `what was found does not fit the journal: ${body.type}`, {
          hint: 'leave out the file that contradicts the journal, and find out where it comes from',
          cause,
        });
      }
      this.bodies.push(body);
    }
  }
}
