import { CountersignError } from '../../errors.js';
import type { JournalBody, JournalBodyOf, SignerState } from '../journal/index.js';
import type { KeyRole } from '../token-types.js';

/**
 * What stops an intent that was decided already, up to the moment in which its signatures are written.
 *
 * @param found what is about to be written, and so counts as well
 * @throws VETOED, ROLE_FROZEN
 */
export function requireStillWanted(
  { statement, factory, documents }: JournalBodyOf<'intent'>,
  state: SignerState,
  found: readonly JournalBody[] = [],
): void {
  requireNoVeto(statement, state, found);
  for (const { role } of documents) requireNotFrozen(factory, role, state, []);
}

/** @throws VETOED */
export function requireNoVeto(statementSha256: string, state: SignerState, found: readonly JournalBody[] = []): void {
  const veto = state.vetoes.get(statementSha256)?.[0] ?? found.find((body) => body.type === 'veto');
  if (veto === undefined) return;
  throw new CountersignError('VETOED', `${veto.person} rejected this statement`, {
    hint: 'a rejection is final; ask anew if its reason is gone',
    details: { person: veto.person, statement: statementSha256 },
  });
}

/** @throws ROLE_FROZEN */
export function requireNotFrozen(
  factory: string,
  role: KeyRole,
  state: SignerState,
  found: readonly JournalBodyOf<'freeze'>[],
): void {
  const freeze = state.freezeOf(factory, role) ?? found.find((candidate) => candidate.role === role);
  if (freeze === undefined) return;
  const { keyid, repository, version, sha256 } = freeze;
  throw new CountersignError(
    'ROLE_FROZEN',
    `a key of the role ${role} signed what this signer's journal does not know`,
    {
      hint: 'treat the key as misused until the journal is shown to be incomplete; nothing is signed with this role',
      details: { factory, role, keyid, repository, version, sha256 },
    },
  );
}
