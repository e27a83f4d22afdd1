import { CountersignError } from '../../errors.js';
import { serializePolicy } from '../../policy/index.js';
import { serializeRecoveryFile } from '../../recovery/index.js';
import { formatTime } from '../../tuf/index.js';
import type { TokenKey } from '../token-types.js';
import { describePlan } from './describe-plan.js';
import { planRecovery, type RecoveryInputs } from './inputs.js';
import { withJournal } from './open-journal.js';

export interface DraftRecoveryOptions extends Omit<RecoveryInputs, 'keys'> {
  readonly stateDir: string;
  /** Reads the tokens; called once the signer is known to be stopped. */
  readonly readKeys: () => Promise<readonly TokenKey[]>;
  readonly reason: string;
  readonly lifetimeMs: number;
  readonly now: Date;
}

/**
 * Finds out what a signer's journal lacks and writes it down for the officers. Changes nothing.
 *
 * @returns the text of recovery.json, not signed yet
 * @throws SIGNER_BUSY, SIGNER_NOT_INITIALISED, JOURNAL_DAMAGED, RECOVERY_INVALID (nothing is missing, or the reason), and the codes of the inputs
 */
export async function draftRecovery(options: DraftRecoveryOptions): Promise<string> {
  const { stateDir, readKeys, evidence, published, reason, lifetimeMs, now } = options;
  return withJournal(stateDir, async ({ state, damagedLine }) => {
    const { head } = state;
    const created = formatTime(now);
    const expires = formatTime(new Date(now.getTime() + lifetimeMs));
    const inputs = { evidence, published, keys: await readKeys() };
    const plan = await planRecovery(state, inputs, new Date(created));
    if (plan.bodies.length === 0 && damagedLine === null) throw nothingToRecover();
    const recovery = describePlan(plan, head, damagedLine, { created, expires, reason });
    return serializeRecoveryFile(recovery, plan.state.policies.map(serializePolicy), []);
  });
}

function nothingToRecover(): CountersignError {
  return new CountersignError('RECOVERY_INVALID', 'the journal knows everything that these files tell', {
    hint: 'give evidence or published metadata that it does not know, or just start the signer',
  });
}
