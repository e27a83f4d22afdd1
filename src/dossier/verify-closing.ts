import type { Signed } from '../tuf/index.js';
import { checkJournals } from './check-journal.js';
import { checkTimes } from './check-times.js';
import type { JournalLine } from './dossier-line.js';
import type { DossierReader } from './dossier-reader.js';
import type { HeldMatters } from './held-matters.js';
import type { Pins } from './pins.js';
import type { DossierSignature, JudgedBy, VerifiedDossier } from './verified-dossier.js';
import type { Authority, AuthorityTexts } from './verify-authority.js';

/** Each signer has a journal; every one of them signs with keys of its own. */
const MAX_JOURNALS = 16;

/** What a dossier of any kind begins with, and how it is judged. */
export interface DossierOpening {
  readonly texts: AuthorityTexts;
  readonly authority: Authority;
  readonly votes: Pick<VerifiedDossier, 'approvals' | 'quorum' | 'rejections' | 'ignoredRejections'>;
  readonly pins: Pins;
  readonly now: Date;
  readonly judgeBy: JudgedBy;
  readonly held: HeldMatters | null;
  readonly abridged: boolean;
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
  const journalLines = await readJournals(reader, maxJournalEntries);
  await reader.end();
  const approved = { statement, statementSha256, persons: votes.quorum.persons };
  const journals = journalLines.length === 0 ? [] : checkJournals(journalLines, signatures, approved);
  const [journal] = journals.map((one) => one.journal);
  const decidedAt =
    journals
      .map((one) => one.journal.intent.at)
      .sort()
      .at(-1) ?? null;
  const judged = checkTimes({ statement, lasting, signatures, decidedAt }, now, judgeBy);
  return {
    ...{ statementText: texts.statement, statementSha256, policy, policies, roots, rootChains },
    ...votes,
    signatures,
    ...judged,
    journals,
    ...(journal === undefined ? {} : { journal }),
  };
}

/** @param maxEntries of each */
async function readJournals(reader: DossierReader, maxEntries: number): Promise<JournalLine[][]> {
  const first = await reader.journal(maxEntries);
  if (first.length === 0) return [];
  const journals = [first];
  while ((await reader.maybe('next-journal')) !== null) {
    if (journals.length === MAX_JOURNALS) throw reader.invalid(`there are more than ${MAX_JOURNALS} journals`);
    journals.push(await reader.journal(maxEntries));
  }
  return journals;
}
