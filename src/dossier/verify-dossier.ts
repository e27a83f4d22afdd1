import type { Repository } from '../factory/index.js';
import { checkApprovals } from './check-approvals.js';
import { checkRejections } from './check-rejections.js';
import { DossierReader } from './dossier-reader.js';
import type { HeldMatters } from './held-matters.js';
import { DEFAULT_DOSSIER_LIMITS, type DossierLimits } from './limits.js';
import type { Pins } from './pins.js';
import type { DossierOpening } from './verify-closing.js';
import type { JudgedBy, VerifiedDossier } from './verified-dossier.js';
import { verifyAuthority, type Authority, type AuthorityTexts } from './verify-authority.js';
import { verifyBundleDossier } from './verify-bundle-dossier.js';
import { verifyRootDossier } from './verify-root-dossier.js';
import { verifyWaveDossier } from './verify-wave-dossier.js';

/** What follows the votes, by kind. */
const VERIFY = { wave: verifyWaveDossier, root: verifyRootDossier, bundle: verifyBundleDossier };

export interface VerifyOptions {
  /**
   * What expiry is judged by. `'signer-claim'` (unless given): the time in the signature lines, if there are any.
   * `'clock'`: `now` alone. Whoever signs must say `'clock'`, or an old signature could bring an
   * expired statement back to life. `'creation'`: when the statement was created, for who asks what was ever said.
   */
  readonly judgeBy?: JudgedBy;
  readonly limits?: DossierLimits;
  /** What this verifier holds of root updates; what it verifies of one that came whole is added. */
  readonly held?: HeldMatters;
  /** The dossier of a root update leaves out the targets that it builds on: what it is about has to be held. */
  readonly abridged?: boolean;
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
 *   BUNDLE_*, EXPIRES_BEYOND_POLICY, SIGN_KEY_*, APPROVAL_DUPLICATE, SIGNATURE_*
 * @throws DOSSIER_NOT_HELD it is abridged, and what it is about is not held
 */
export async function verifyDossier(
  lines: AsyncIterable<string> | Iterable<string>,
  pins: Pins,
  now: Date,
  { judgeBy = 'signer-claim', limits = DEFAULT_DOSSIER_LIMITS, held, abridged = false }: VerifyOptions = {},
): Promise<VerifiedDossier> {
  const reader = new DossierReader(lines, limits);
  try {
    const texts = await readAuthority(reader);
    const authority = verifyAuthority(texts, pins);
    const votes = await readVotes(reader, texts.statement, authority);
    const opening = { texts, authority, votes, pins, now, judgeBy, held: held ?? null, abridged };
    return await VERIFY[authority.statement.kind](reader, opening);
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
): Promise<DossierOpening['votes']> {
  const sshsigs: string[] = [];
  for await (const { sshsig } of reader.all('approval')) sshsigs.push(sshsig);
  const rejections: { text: string; sshsig: string }[] = [];
  for await (const line of reader.all('rejection')) rejections.push(line);
  return {
    ...checkApprovals(sshsigs, statement, Buffer.from(text, 'utf8'), policy.policy, rules),
    ...checkRejections(rejections, statementSha256, policy.policy),
  };
}
