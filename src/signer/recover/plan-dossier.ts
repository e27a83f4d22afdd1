import type { VerifiedDossier, VerifiedRootDossier, VerifiedWaveDossier } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { REPOSITORIES, type Repository } from '../../factory/index.js';
import type { RootMetadata } from '../../tuf/index.js';
import {
  documentsOf,
  findAllForeignSignatures,
  findOwnKey,
  type ForeignSignature,
  newPolicies,
  newRoots,
  newVetoes,
  type OwnKey,
  ownKeys,
  signingRoot,
} from '../decide/index.js';
import {
  type DocumentLine,
  isComplete,
  type JournalBodyOf,
  type SignerState,
  type VersionDigest,
} from '../journal/index.js';
import type { RecoveryPlan } from './plan.js';

/**
 * Adds what a verified dossier or evidence tells: newer policies and roots, the request with its signatures by keys of ours, vetoes, and
 * what was published.
 *
 * @throws QUORUM_NOT_MET our key signed it and its approvals are not all there; POLICY_CHAIN_BROKEN, ROOT_NOT_TRUSTED it contradicts
 *   the journal or another file
 */
export function planDossier(plan: RecoveryPlan, dossier: VerifiedDossier): void {
  const { state } = plan;
  const { policies, rootChains, statement } = dossier;
  const { factory } = statement;
  // a chain that ends earlier is no rollback here: it is an older request
  plan.add(newPolicies([...policies, ...state.policies.slice(policies.length)], state));
  for (const repository of REPOSITORIES) {
    const chain = [...rootChains[repository], ...publishedRoot(dossier, repository)];
    const known = state.rootsOf(factory, repository);
    plan.add(newRoots([...chain, ...known.slice(chain.length)], state, factory, repository));
  }
  const own = ownKeys(state, plan.keys);
  const request = recoveredRequest(dossier, own, state);
  if (request !== null) plan.add([request]);
  plan.add(newVetoes(dossier, state, state.intents.has(dossier.statementSha256)));
  plan.add(findAllForeignSignatures(documentsOf(dossier, state), own, state, factory).map(adopt));
  raisePublished(plan, dossier);
}

/** The request as it was decided upon, if keys of ours signed it and the journal does not know that. */
function recoveredRequest(
  dossier: VerifiedDossier,
  own: ReadonlyMap<string, OwnKey>,
  state: SignerState,
): JournalBodyOf<'recovered'> | null {
  const { statement, statementSha256, documents, signatures, quorum, journals } = dossier;
  const known = state.intents.get(statementSha256);
  if (known !== undefined && isComplete(known)) return null;
  const ours = signatures.flatMap((signature) => {
    const entry = documents[signature.document]?.entry;
    const key = entry === undefined ? null : findOwnKey(own, signingRoot(dossier, entry), signature.keyid);
    return key === null ? [] : [{ signature, key }];
  });
  if (ours.length === 0) return null;
  if (quorum.missing > 0) {
    throw new CountersignError('QUORUM_NOT_MET', `our key signed ${statement.id}, whose approvals are not all there`, {
      hint: 'get its whole dossier; if there is none, treat the key as misused',
      details: { id: statement.id, statement: statementSha256, missing: quorum.missing },
    });
  }
  const { factory, kind, id, policy } = statement;
  const signersOf = new Map<number, { keyid: string; key: string }[]>();
  for (const { signature, key } of ours) {
    const sign = signersOf.get(signature.document) ?? [];
    signersOf.set(signature.document, [...sign, { keyid: signature.keyid, key: key.keyid }]);
  }
  const keyids = new Set(ours.map(({ signature }) => signature.keyid));
  // another signer's account of it is not ours to keep
  const written = journals.find(({ journal }) => journal.signatures.some(({ keyid }) => keyids.has(keyid)));
  const times = ours.map(({ signature }) => signature.signedAt).sort();
  return {
    type: 'recovered',
    factory,
    kind,
    id,
    statement: statementSha256,
    policy: policy.version,
    persons: [...quorum.persons],
    documents: documents.flatMap(({ entry, bytes }, index) => {
      const { repository, role, version, sha256 } = entry;
      const tag = entry.role === 'targets' ? entry.tag : null;
      const sign = signersOf.get(index) ?? [];
      return sign.length === 0 ? [] : [{ index, repository, role, tag, version, sha256, length: bytes.length, sign }];
    }),
    ...(dossier.kind === 'root' ? { keys: ownKeysIn(dossier, own) } : {}),
    decidedAt: written?.journal.intent.at ?? times[0] ?? statement.created,
    signatures: ours.map(({ signature: { document, keyid, method, sig, signedAt } }) => ({
      document,
      keyid,
      method,
      sig,
      at: signedAt,
    })),
    lines: [...(written?.lines ?? [])],
  };
}

/** What a key of ours signed without anybody having its request. */
export function adopt({ freeze, tag }: ForeignSignature): JournalBodyOf<'adopted'> {
  return { ...freeze, type: 'adopted', tag: freeze.role === 'root' ? null : tag };
}

/** The new root as the Factory published it, if the dossier tells. */
function publishedRoot(dossier: VerifiedDossier, repository: Repository): RootMetadata[] {
  const root = dossier.kind === 'root' ? dossier.published?.roots[repository] : undefined;
  return root === undefined ? [] : [root];
}

function ownKeysIn({ next }: VerifiedRootDossier, own: ReadonlyMap<string, OwnKey>): string[] {
  const named = Object.values(next).flatMap((root) =>
    Object.keys(root.keys).flatMap((keyid) => findOwnKey(own, root, keyid)?.keyid ?? []),
  );
  return [...new Set(named)].sort();
}

function raisePublished(plan: RecoveryPlan, dossier: VerifiedDossier): void {
  if (dossier.kind === 'wave') raiseOfWave(plan, dossier);
  else if (dossier.kind === 'root' && dossier.quorum.missing === 0) raiseOfRoot(plan, dossier);
}

function raiseOfRoot(plan: RecoveryPlan, { base, statement: { factory } }: VerifiedRootDossier): void {
  for (const { tag, wave, version, sha256 } of base.documents) {
    const line: DocumentLine = { factory, repository: 'production', role: 'targets', tag };
    raise(plan, line, { version, sha256 }, wave === null ? 'base' : 'report');
  }
}

function raiseOfWave(plan: RecoveryPlan, { base, published, quorum, statement, wave }: VerifiedWaveDossier): void {
  const line: DocumentLine = {
    factory: statement.factory,
    repository: 'production',
    role: 'targets',
    tag: wave.tag,
  };
  const { productionTargets } = base;
  if (productionTargets !== null && quorum.missing === 0) {
    raise(plan, line, { version: productionTargets.signed.version, sha256: productionTargets.sha256 }, 'base');
  }
  if (published !== undefined) {
    const { targets } = published;
    raise(plan, line, { version: targets.signed.version, sha256: targets.sha256 }, 'report');
  }
}

/** Adds a watermark if it is higher than the one that is known from that source. */
export function raise(
  plan: RecoveryPlan,
  line: DocumentLine,
  { version, sha256 }: VersionDigest,
  source: 'base' | 'report',
): void {
  const mark = plan.state.watermarkOf(line);
  const known = source === 'base' ? mark?.base : mark?.published;
  if (version <= (known?.version ?? 0)) return;
  plan.add([{ type: 'published', ...line, version, sha256, source }]);
}
