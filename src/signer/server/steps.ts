import type { JournalBody } from '../journal/index.js';

/**
 * The named moments of the signer's work, in the order in which a request meets them. Whatever happens to the process at any of them, what is
 * found after a restart is right: tests stop it at each.
 */
export const SIGNER_STEPS = [
  'sign:verified', // the dossier holds; nothing was decided
  'sign:decided', // under the lock; nothing was written
  // journal:TYPE: lines ending in one of that type are written, not yet synced
  'journal:key',
  'journal:policy',
  'journal:root',
  'journal:freeze',
  'journal:intent',
  'sign:intended', // the intent is on the disk; nothing was signed
  'sign:made', // the tokens signed; only memory has the signatures
  'journal:signature',
  'journal:signatures', // some of a root update's
  'sign:recorded', // the signatures are on the disk; nobody has seen them
  'veto:judged',
  'journal:veto',
  'veto:recorded',
  'published:judged',
  'journal:published',
  'published:recorded',
] as const;
export type SignerStep = (typeof SIGNER_STEPS)[number];

/** Called at each step; throwing there stands for dying there. */
export type OnStep = (step: SignerStep) => void | Promise<void>;

/** What the journal calls when lines are written: their step, if lines of this type are among those that a running signer writes. */
export function stepsOfWriting(onStep: OnStep | undefined): (type: JournalBody['type']) => void | Promise<void> {
  return (written) => {
    const step = SIGNER_STEPS.find((candidate) => candidate === `journal:${written}`);
    return step === undefined ? undefined : onStep?.(step);
  };
}
