import { describeWave, type Repository } from '../factory/index.js';
import { factoryOf, parsePolicy, verifyPolicyChain, type KindRules, type SignedPolicy } from '../policy/index.js';
import { parseRoot, parseTargets, type RootMetadata } from '../tuf/index.js';
import { checkApprovals } from './check-approvals.js';
import { checkBase, type DossierBase } from './check-base.js';
import { checkDocument } from './check-document.js';
import { checkJournal } from './check-journal.js';
import { checkRejections } from './check-rejections.js';
import { checkRootChain } from './check-roots.js';
import { checkSign } from './check-sign.js';
import { checkPublished, checkSignatures } from './check-signatures.js';
import { checkStatement } from './check-statement.js';
import { checkTimes } from './check-times.js';
import { DossierReader } from './dossier-reader.js';
import { DEFAULT_DOSSIER_LIMITS, type DossierLimits } from './limits.js';
import type { Pins } from './pins.js';
import { parseStatement, statementSha256, type Statement } from './statement.js';
import type { DossierSignature, JudgedBy, VerifiedDossier } from './verified-dossier.js';

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
    await reader.one('dossier');
    const policies = await readPolicies(reader);
    const policy = verifyPolicyChain(policies, pins);
    const rootChains = { ci: await readRoots(reader, 'ci'), production: await readRoots(reader, 'production') };

    const { text } = await reader.one('statement');
    const statement = parseStatement(text);
    const factory = factoryOf(policy.policy, statement.factory);
    const roots = {
      ci: checkRootChain('ci', rootChains.ci, factory, pins),
      production: checkRootChain('production', rootChains.production, factory, pins),
    };
    const rules = checkStatement(statement, policy, pins);
    const votes = await readVotes(reader, { text, statement, policy, rules });

    const base = await readBase(reader, roots);
    const onlineKeyids = checkBase(statement, base);
    const waveBase = {
      ciTargets: base.ciTargets.signed,
      productionTargets: base.productionTargets?.metadata.signed ?? null,
    };
    const bytes = await readDocument(reader);
    checkDocument(statement, bytes, waveBase, rules);
    const [entry] = statement.documents;
    checkSign(entry.sign, onlineKeyids, roots.production.signed);

    const signatures = await readSignatures(reader);
    checkSignatures(signatures, statement, bytes, roots.production.signed);
    const publishedLine = await reader.maybe('published');
    const published = publishedLine && checkPublished(publishedLine.text, bytes, roots.production);
    const journalLines = await reader.journal();
    await reader.end();
    const approved = { statement, statementSha256: statementSha256(text), persons: votes.quorum.persons, signatures };
    const journal = journalLines.length === 0 ? null : checkJournal(journalLines, approved);
    const decidedAt = journal?.intent.at ?? null;
    const judged = checkTimes({ statement, roots, ciTargets: base.ciTargets, signatures, decidedAt }, now, judgeBy);

    return {
      statement,
      statementText: text,
      statementSha256: statementSha256(text),
      policy,
      policies,
      roots,
      rootChains,
      base: { ciTargets: base.ciTargets, productionTargets: base.productionTargets?.metadata ?? null },
      documents: [{ entry, bytes }],
      wave: { name: entry.wave, tag: entry.tag, version: entry.version },
      summary: describeWave(statement.changes, entry.tag, waveBase),
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

async function readPolicies(reader: DossierReader): Promise<SignedPolicy[]> {
  const policies = [parsePolicy((await reader.one('policy')).text)];
  for await (const { text } of reader.all('policy')) policies.push(parsePolicy(text));
  return policies;
}

async function readRoots(reader: DossierReader, repository: Repository): Promise<RootMetadata[]> {
  const chain: RootMetadata[] = [];
  for (let line = await reader.maybeRoot(repository); line !== null; line = await reader.maybeRoot(repository)) {
    chain.push(parseRoot(Buffer.from(line.text, 'utf8')));
  }
  return chain;
}

async function readVotes(
  reader: DossierReader,
  { text, statement, policy, rules }: { text: string; statement: Statement; policy: SignedPolicy; rules: KindRules },
): Promise<Pick<VerifiedDossier, 'approvals' | 'quorum' | 'rejections' | 'ignoredRejections'>> {
  const sshsigs: string[] = [];
  for await (const { sshsig } of reader.all('approval')) sshsigs.push(sshsig);
  const rejections: { text: string; sshsig: string }[] = [];
  for await (const line of reader.all('rejection')) rejections.push(line);
  return {
    ...checkApprovals(sshsigs, statement, Buffer.from(text, 'utf8'), policy.policy, rules),
    ...checkRejections(rejections, statementSha256(text), policy.policy),
  };
}

async function readBase(reader: DossierReader, roots: DossierBase['roots']): Promise<DossierBase> {
  const ci = await reader.oneTargets('ci');
  const ciTargets = parseTargets(Buffer.from(ci.text, 'utf8'));
  const production = await reader.maybeTargets('production');
  if (production === null) return { roots, ciTargets, productionTargets: null };
  const metadata = parseTargets(Buffer.from(production.text, 'utf8'));
  return { roots, ciTargets, productionTargets: { tag: production.tag, metadata } };
}

async function readDocument(reader: DossierReader): Promise<Buffer> {
  const { index, text } = await reader.one('document');
  if (index !== 0) throw reader.invalid('a Wave has one document, with the index 0');
  return Buffer.from(text, 'utf8');
}

async function readSignatures(reader: DossierReader): Promise<DossierSignature[]> {
  const signatures: DossierSignature[] = [];
  for await (const { document, keyid, method, sig, signedAt } of reader.all('signature')) {
    signatures.push({ document, keyid, method, sig, signedAt });
  }
  return signatures;
}
