import type { JournalBody } from '../journal/index.js';

/**
 * The named moments of the signer's work, in the order in which a request meets them. Whatever happens to the process at any of them, what is
 * found after a restart is right: tests stop it at each.
 */
export type SignerStep =
  | 'sign:verified' // the dossier holds; nothing was decided
  | 'sign:decided' // under the lock; nothing was written
  | `journal:${JournalBody['type']}` // lines ending in this one are written, not yet synced
  | 'sign:intended' // the intent is on the disk; nothing was signed
  | 'sign:made' // the tokens signed; only memory has the signatures
  | 'sign:recorded' // the signatures are on the disk; nobody has seen them
  | 'veto:judged'
  | 'veto:recorded'
  | 'published:judged'
  | 'published:recorded';

/** Called at each step; throwing there stands for dying there. */
export type OnStep = (step: SignerStep) => void | Promise<void>;
