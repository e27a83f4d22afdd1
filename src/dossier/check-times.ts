import { CountersignError } from '../errors.js';
import { verifyNotExpired, type Signed } from '../tuf/index.js';
import type { Statement } from './statement.js';
import type { DossierSignature, JudgedBy, VerifiedDossier } from './verified-dossier.js';

/** How far two honest clocks may be apart. */
export const CLOCK_SKEW_MS = 5 * 60 * 1000;

export interface TimedParts {
  readonly statement: Statement;
  /** `signed` of the base documents that must not have expired. */
  readonly lasting: readonly Signed[];
  readonly signatures: readonly DossierSignature[];
  /** When the journal in the dossier says that the signer decided; null without one. */
  readonly decidedAt: string | null;
}

/**
 * Judges everything that depends on the clock, at one time: the verifier's now, or, when the dossier holds
 * signatures, the time that the signer says it signed at, so that an auditor can verify it for years. Where the
 * signer's journal is there too, it is the time of its decision: an intent that a token kept waiting is finished
 * later, and that is no new decision.
 *
 * @param judgeBy `'clock'`: at now, whatever signatures there are (for who is about to sign); `'creation'`: when the
 *   statement was created, whatever became of it
 * @throws STATEMENT_FROM_FUTURE created, or signed, in the future; or signed before it was created
 * @throws STATEMENT_EXPIRED
 * @throws METADATA_EXPIRED (client workflow 5.3.10, 5.6.6)
 */
export function checkTimes(
  { statement, lasting, signatures, decidedAt }: TimedParts,
  now: Date,
  judgeBy: JudgedBy,
): Pick<VerifiedDossier, 'judgedAt' | 'judgedBy'> {
  const created = Date.parse(statement.created);
  for (const { keyid, signedAt } of signatures) {
    const claimed = Date.parse(signedAt);
    if (claimed > now.getTime() + CLOCK_SKEW_MS)
      throw fromFuture('a signature is dated in the future', { keyid, signedAt });
    if (claimed < created - CLOCK_SKEW_MS)
      throw fromFuture('a signature is older than its statement', { keyid, signedAt });
  }
  const claims = signatures.map(({ signedAt }) => Date.parse(decidedAt ?? signedAt));
  const judgedBy = claims.length === 0 && judgeBy === 'signer-claim' ? 'clock' : judgeBy;
  const times = { clock: now, creation: new Date(created), 'signer-claim': new Date(Math.max(...claims)) };
  const judgedAt = times[judgedBy];

  if (created > judgedAt.getTime() + CLOCK_SKEW_MS) {
    throw fromFuture('the statement was created in the future', { created: statement.created });
  }
  if (Date.parse(statement.expires) <= judgedAt.getTime()) {
    throw new CountersignError('STATEMENT_EXPIRED', `the statement expired at ${statement.expires}`, {
      pointer: '/expires',
      hint: 'Ask for it again.',
      details: { expires: statement.expires, judgedAt: judgedAt.toISOString() },
    });
  }
  for (const signed of lasting) verifyNotExpired(signed, judgedAt);
  return { judgedAt, judgedBy };
}

function fromFuture(message: string, details: Record<string, string>): CountersignError {
  return new CountersignError('STATEMENT_FROM_FUTURE', message, {
    hint: 'Check the clocks of this machine and of the service.',
    details,
  });
}
