import type { Repository } from '../factory/index.js';
import { checkApprovals } from './check-approvals.js';
import { checkJournal } from './check-journal.js';
import { checkRejections } from './check-rejections.js';
import { checkPublished, checkSignatures } from './check-signatures.js';
import { checkTimes } from './check-times.js';
import { DossierReader } from './dossier-reader.js';
import { DEFAULT_DOSSIER_LIMITS, type DossierLimits } from './limits.js';
import type { Pins } from './pins.js';
import type { DossierSignature, JudgedBy, VerifiedDossier } from './verified-dossier.js';
import { verifyAuthority, type Authority, type AuthorityTexts } from './verify-authority.js';
import { verifyMatter, type MatterTexts } from './verify-matter.js';

export interface VerifyOptions {
  /**
   * What expiry is judged by. `'signer-claim'` (unless given): the time in the signature lines, if there are any.
   * `'clock'`: `now` alone. Whoever signs must say `'clock'`, or an old signature could bring an
   * expired statement back to life. `'creation'`: when the statement was created, for who asks what was ever said.
   */
  readonly judgeBy?: JudgedBy;
  readonly limits?: DossierLimits;
}

/**
 * Verifies a dossier from nothing but its lines, the verifier's own pins and the time. Signer, officers and
 * auditors all call this one function. It says what was approved by whom; whether that is enough is for
 * requireApproved, since an officer reads a dossier before it is.
 *
 * What no dossier can tell, the caller has to know: whether there are newer policies, roots or production
 * targets than those in it, and whether the request was vetoed.
 *
 * @param lines with or without their line feeds; read once, in order, one line held at a time
 * @param now the verifier's clock
 * @throws DOSSIER_INVALID, DOSSIER_FORMAT_UNKNOWN, JSON_TOO_LARGE
 * @throws POLICY_* and FACTORY_NOT_IN_POLICY, PINS_MISSING, ROOT_NOT_TRUSTED, THRESHOLD_NOT_MET, VERSION_* of chains
 * @throws EVIDENCE_INVALID, STATEMENT_*, KIND_NOT_ALLOWED, METADATA_EXPIRED, CHANGES_DO_NOT_REPRODUCE, WAVE_*,
 *   EXPIRES_BEYOND_POLICY, SIGN_KEY_*, APPROVAL_DUPLICATE, SIGNATURE_*
 */
export async function verifyDossier(
  lines: AsyncIterable<string> | Iterable<string>,
  pins: Pins,
  now: Date,
  { judgeBy = 'signer-claim', limits = DEFAULT_DOSSIER_LIMITS }: VerifyOptions = {},
): Promise<VerifiedDossier> {
  const reader = new DossierReader(lines, limits);
  try {
    const authorityTexts = await readAuthority(reader);
    const authority = verifyAuthority(authorityTexts, pins);
    const { statement, statementSha256, roots } = authority;
    const votes = await readVotes(reader, authorityTexts.statement, authority);
    const matter = verifyMatter(await readMatter(reader), authority, authorityTexts, pins);
    const [{ bytes }] = matter.documents;

    const signatures = await readSignatures(reader);
    checkSignatures(signatures, statement, bytes, roots.production.signed);
    const publishedLine = await reader.maybe('published');
    const published = publishedLine && checkPublished(publishedLine.text, bytes, roots.production);
    const journalLines = await reader.journal();
    await reader.end();
    const approved = { statement, statementSha256, persons: votes.quorum.persons, signatures };
    const journal = journalLines.length === 0 ? null : checkJournal(journalLines, approved);
    const decidedAt = journal?.intent.at ?? null;
    const { ciTargets } = matter.base;
    const judged = checkTimes({ statement, roots, ciTargets, signatures, decidedAt }, now, judgeBy);

    return {
      ...{ statement, statementText: authorityTexts.statement, statementSha256 },
      ...{ policy: authority.policy, policies: authority.policies, roots, rootChains: authority.rootChains },
      ...matter,
      ...votes,
      signatures,
      ...judged,
      ...(published === null ? {} : { published }),
      ...(journal === null ? {} : { journal }),
      journalLines,
    };
  } finally {
    await reader.close();
  }
}

async function readAuthority(reader: DossierReader): Promise<AuthorityTexts> {
  await reader.one('dossier');
  const policies = [(await reader.one('policy')).text];
  for await (const { text } of reader.all('policy')) policies.push(text);
  const roots = { ci: await readRoots(reader, 'ci'), production: await readRoots(reader, 'production') };
  return { policies, roots, statement: (await reader.one('statement')).text };
}

async function readRoots(reader: DossierReader, repository: Repository): Promise<string[]> {
  const chain: string[] = [];
  for (let line = await reader.maybeRoot(repository); line !== null; line = await reader.maybeRoot(repository)) {
    chain.push(line.text);
  }
  return chain;
}

async function readVotes(
  reader: DossierReader,
  text: string,
  { statement, statementSha256, policy, rules }: Authority,
): Promise<Pick<VerifiedDossier, 'approvals' | 'quorum' | 'rejections' | 'ignoredRejections'>> {
  const sshsigs: string[] = [];
  for await (const { sshsig } of reader.all('approval')) sshsigs.push(sshsig);
  const rejections: { text: string; sshsig: string }[] = [];
  for await (const line of reader.all('rejection')) rejections.push(line);
  return {
    ...checkApprovals(sshsigs, statement, Buffer.from(text, 'utf8'), policy.policy, rules),
    ...checkRejections(rejections, statementSha256, policy.policy),
  };
}

async function readMatter(reader: DossierReader): Promise<MatterTexts> {
  const ciTargets = (await reader.oneTargets('ci')).text;
  const production = await reader.maybeTargets('production');
  const { index, text } = await reader.one('document');
  if (index !== 0) throw reader.invalid('a Wave has one document, with the index 0');
  return {
    ciTargets,
    productionTargets: production && { tag: production.tag, text: production.text },
    document: text,
  };
}

async function readSignatures(reader: DossierReader): Promise<DossierSignature[]> {
  const signatures: DossierSignature[] = [];
  for await (const { document, keyid, method, sig, signedAt } of reader.all('signature')) {
    signatures.push({ document, keyid, method, sig, signedAt });
  }
  return signatures;
}
