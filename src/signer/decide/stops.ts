import { CountersignError } from '../../errors.js';
import type { DocumentLine, JournalBody, JournalBodyOf, SignerState } from '../journal/index.js';
import type { KeyRole } from '../token-types.js';

/**
 * What stops an intent that was decided already, up to the moment in which its signatures are written.
 *
 * @param found what is about to be written, and so counts as well
 * @throws VETOED, ROLE_FROZEN, WATERMARK_PUBLISHED, WATERMARK_ISSUED, STALE_BASE
 */
export function requireStillWanted(
  { statement, factory, kind, documents }: JournalBodyOf<'intent'>,
  state: SignerState,
  found: readonly JournalBody[] = [],
): void {
  requireNoVeto(statement, state, found);
  for (const document of documents) {
    requireNotFrozen(factory, document.role, state, []);
    if (kind === 'bundle') continue; // it has no line on which something could overtake it
    if (kind === 'root' && document.role === 'targets') requireStillInForce(factory, document, state);
    else requireNotOvertaken(factory, document, state);
  }
}

/**
 * An intent may wait for its token for as long as it likes, and its line may go on meanwhile: then it is finished no more, or
 * whoever holds the service could keep unfinished ones for a day on which they do harm.
 */
function requireNotOvertaken(
  factory: string,
  { repository, role, tag, version, sha256 }: JournalBodyOf<'intent'>['documents'][number],
  state: SignerState,
): void {
  const line: DocumentLine = { factory, repository, role, tag };
  const mark = state.watermarkOf(line);
  const published = mark?.published ?? null;
  if (published !== null && published.version >= version && published.sha256 !== sha256) {
    throw new CountersignError('WATERMARK_PUBLISHED', `version ${published.version} is published by now`, {
      hint: 'ask for a higher version',
      details: { version, published: published.version, publishedSha256: published.sha256 },
    });
  }
  const issued = mark?.issued ?? [];
  const later = issued.slice(issued.findLastIndex((one) => one.sha256 === sha256) + 1);
  // decided after this one at its version or below: its officers named this one as superseded, or it would not have been decided
  const instead = later.find((one) => one.version <= version);
  if (instead === undefined) return;
  throw new CountersignError('WATERMARK_ISSUED', 'officers approved another document in its place since', {
    hint: 'ask for it again, naming the other as superseded',
    details: { version, issued: instead.sha256, issuedVersion: instead.version },
  });
}

/** What a root update signs again was in force when that was decided; something newer may have come since. */
function requireStillInForce(
  factory: string,
  { repository, role, tag, version, sha256 }: JournalBodyOf<'intent'>['documents'][number],
  state: SignerState,
): void {
  const mark = state.watermarkOf({ factory, repository, role, tag });
  // production targets stay in force while a Wave is active above them
  const inForce = [mark?.base, mark?.published];
  if (inForce.some((one) => one?.version === version && one.sha256 === sha256)) return;
  throw new CountersignError('STALE_BASE', `the targets of tag ${tag ?? ''} are at another version by now`, {
    hint: 'ask for it again on what the Factory publishes now',
    details: { tag: tag ?? '', version, published: mark?.published?.version ?? 0 },
  });
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
  if (freeze !== undefined) throw roleFrozen(freeze);
}

/** Why nothing is signed with a role, and what ends it. */
export function roleFrozen(freeze: JournalBodyOf<'freeze'>): CountersignError {
  const { factory, role, keyid, repository, version, sha256 } = freeze;
  return new CountersignError(
    'ROLE_FROZEN',
    `a key of the role ${role} signed what this signer's journal does not know`,
    {
      hint: 'treat the key as misused, unless an older journal was put back: then countersign signer recover mends it',
      details: { factory, role, keyid, repository, version, sha256 },
    },
  );
}
