import { CountersignError } from '../../errors.js';
import { encodeRecovery, type RecoveryFile, requireRecoveryApproved } from '../../recovery/index.js';
import { formatTime } from '../../tuf/index.js';
import type { JournalBody, JournalHead } from '../journal/index.js';
import type { TokenKey } from '../token-types.js';
import { describePlan, policyInForce } from './describe-plan.js';
import { planRecovery, type RecoveryInputs } from './inputs.js';
import { withJournal } from './open-journal.js';
import { type OnRecoverStep, replaceJournal } from './replace-journal.js';

export interface ApplyRecoveryOptions extends Omit<RecoveryInputs, 'keys'> {
  readonly stateDir: string;
  /** Reads the tokens; called once the signer is known to be stopped. */
  readonly readKeys: () => Promise<readonly TokenKey[]>;
  readonly file: RecoveryFile;
  readonly now: Date;
  /** For tests: stops it at a named step. */
  readonly onStep?: OnRecoverStep;
}

export interface AppliedRecoveryReport {
  readonly persons: readonly string[];
  readonly entries: number;
  readonly journal: JournalHead;
  /** Where the damaged journal is kept; null if it was whole. */
  readonly kept: string | null;
}

/**
 * Writes an approved recovery into the journal. Nothing in the document is believed: it is made anew from the same inputs and has to come
 * out the same, byte for byte. The journal is then replaced in one step, so a crash leaves the one before or the one after.
 *
 * @throws RECOVERY_MISMATCH another journal or other inputs; RECOVERY_EXPIRED; QUORUM_NOT_MET; SIGNER_CLOCK; SIGNER_BUSY,
 *   SIGNER_NOT_INITIALISED, JOURNAL_DAMAGED, JOURNAL_WRITE_FAILED, and the codes of the inputs
 */
export async function applyRecovery(options: ApplyRecoveryOptions): Promise<AppliedRecoveryReport> {
  const { stateDir, readKeys, evidence, published, file, now, onStep } = options;
  const { recovery } = file;
  return withJournal(stateDir, async (journal) => {
    const { head } = journal.state;
    requireSameJournal(file, head);
    requireInTime(file, head, now);
    const inputs = { evidence, published, keys: await readKeys() };
    const plan = await planRecovery(journal.state, inputs, new Date(recovery.created));
    const { created, expires, reason } = recovery;
    const rebuilt = describePlan(plan, head, journal.damagedLine, { created, expires, reason });
    if (encodeRecovery(rebuilt) !== file.text) throw differs(Object.keys(rebuilt), rebuilt, recovery);
    const { persons } = requireRecoveryApproved(file, policyInForce(plan.state.policies));

    const bodies = inOrder(plan.bodies, {
      type: 'recovery',
      text: file.text,
      signatures: file.signatures.filter(({ person }) => persons.includes(person)),
    });
    const written = await replaceJournal(journal, head, bodies, now, onStep);
    return { persons, entries: bodies.length, ...written };
  });
}

/** The recovery stands behind the policies whose officers decided on it and before all else that they approved. */
function inOrder(bodies: readonly JournalBody[], recovery: JournalBody): JournalBody[] {
  const isPolicy = ({ type }: JournalBody): boolean => type === 'policy';
  return [...bodies.filter(isPolicy), recovery, ...bodies.filter((body) => !isPolicy(body))];
}

function requireSameJournal({ recovery: { journal } }: RecoveryFile, head: JournalHead): void {
  if (journal.seq === head.seq && journal.hash === head.hash) return;
  throw new CountersignError(
    'RECOVERY_MISMATCH',
    `the journal ends with entry ${head.seq}, the recovery continues from entry ${journal.seq} of another or older one`,
    {
      pointer: '/signed/journal',
      hint: 'the journal went on since; draft the recovery again with the signer stopped, and have it signed again',
      details: { seq: head.seq, hash: head.hash },
    },
  );
}

function requireInTime({ recovery: { expires, created } }: RecoveryFile, head: JournalHead, now: Date): void {
  const time = formatTime(now);
  if (time < head.at || time < created) {
    throw new CountersignError(
      'SIGNER_CLOCK',
      `the clock says ${time}, before the journal or the recovery was written`,
      {
        hint: 'set the clock of the signer',
        details: { now: time, journal: head.at, created },
      },
    );
  }
  if (time < expires) return;
  throw new CountersignError('RECOVERY_EXPIRED', `the recovery had to be applied until ${expires}`, {
    pointer: '/signed/expires',
    hint: 'draft it again and have it signed again',
    details: { expires, now: time },
  });
}

function differs(members: readonly string[], rebuilt: object, given: object): CountersignError {
  const values = (from: object): Map<string, string> =>
    new Map(Object.entries(from).map(([member, value]) => [member, JSON.stringify(value)]));
  const [now, then] = [values(rebuilt), values(given)];
  const different = members.filter((member) => now.get(member) !== then.get(member));
  return new CountersignError('RECOVERY_MISMATCH', `these files do not make this recovery: ${different.join(', ')}`, {
    pointer: `/signed/${different[0] ?? ''}`,
    hint: 'give the very files that it was drafted from; else draft it again and have it signed again',
    details: { members: different },
  });
}
