import type { CountersignError } from '../../errors.js';
import type { Intent, JournalBody, JournalBodyOf } from '../journal/index.js';
import type { TokenKey } from '../token-types.js';

/** What a decision takes into account besides dossier and journal: the clock, and what lies in the tokens at the moment. */
export interface Circumstances {
  readonly now: Date;
  readonly keys: readonly TokenKey[];
  /** False while some token could not be asked: a key that is missing may be there later. */
  readonly allTokensRead: boolean;
  /** Labels of the tokens that are not there at the moment; what was read of them before still stands in `keys`. */
  readonly absent: ReadonlySet<string>;
  /** Keyids of the tokens' canary keys. */
  readonly canaries: ReadonlySet<string>;
}

/** What to write into the journal and what to do then. */
export type Decision =
  /** Write `record` and then the lines of `intent` (`intentLines`), all in one piece; then sign. */
  | { readonly outcome: 'sign'; readonly record: readonly JournalBody[]; readonly intent: JournalBodyOf<'intent'> }
  /** It was decided before: make the signatures that are missing, if any, and answer with all of them. */
  | { readonly outcome: 'resume'; readonly intent: Intent }
  /** Write what was learnt (`record` may be empty) and answer with the error. */
  | { readonly outcome: 'refuse'; readonly record: readonly JournalBody[]; readonly error: CountersignError };
