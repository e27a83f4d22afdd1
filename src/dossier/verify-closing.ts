import type { Signed } from '../tuf/index.js';
import { checkJournal } from './check-journal.js';
import { checkTimes } from './check-times.js';
import type { DossierReader } from './dossier-reader.js';
import type { Pins } from './pins.js';
import type { DossierSignature, JudgedBy, VerifiedDossier } from './verified-dossier.js';
import type { Authority, AuthorityTexts } from './verify-authority.js';

/** What a dossier of any kind begins with, and how it is judged. */
export interface DossierOpening {
  readonly texts: AuthorityTexts;
  readonly authority: Authority;
  readonly votes: Pick<VerifiedDossier, 'approvals' | 'quorum' | 'rejections' | 'ignoredRejections'>;
  readonly pins: Pins;
  readonly now: Date;
  readonly judgeBy: JudgedBy;
}

/** What a dossier of any kind says besides what it is about. */
type Closed = Omit<VerifiedDossier, 'kind' | 'statement' | 'base' | 'documents' | 'summary' | 'published'>;

/** @param max as many as the statement asks for: there is no use in reading more */
export async function readSignatures(reader: DossierReader, max: number): Promise<DossierSignature[]> {
  const signatures: DossierSignature[] = [];
  for await (const { document, keyid, method, sig, signedAt } of reader.all('signature', max)) {
    signatures.push({ document, keyid, method, sig, signedAt });
  }
  return signatures;
}

/**
 * Reads a dossier to its end: the signer's journal. Judges times, and puts together what dossiers of all kinds say.
 *
 * @param lasting `signed` of the base documents that must not have expired
 * @throws DOSSIER_INVALID, EVIDENCE_INVALID, STATEMENT_FROM_FUTURE, STATEMENT_EXPIRED, METADATA_EXPIRED
 */
export async function closeDossier(
  reader: DossierReader,
  { texts, authority, votes, now, judgeBy }: DossierOpening,
  signatures: readonly DossierSignature[],
  { lasting, maxJournalEntries }: { readonly lasting: readonly Signed[]; readonly maxJournalEntries: number },
): Promise<Closed> {
  const { statement, statementSha256, policy, policies, roots, rootChains } = authority;
  const journalLines = await reader.journal(maxJournalEntries);
  await reader.end();
  const approved = { statement, statementSha256, persons: votes.quorum.persons, signatures };
  const journal = journalLines.length === 0 ? null : checkJournal(journalLines, approved);
  const decidedAt = journal?.intent.at ?? null;
  const judged = checkTimes({ statement, lasting, signatures, decidedAt }, now, judgeBy);
  return {
    ...{ statementText: texts.statement, statementSha256, policy, policies, roots, rootChains },
    ...votes,
    signatures,
    ...judged,
    ...(journal === null ? {} : { journal }),
    journalLines,
  };
}
