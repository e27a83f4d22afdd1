import { CountersignError } from '../../errors.js';
import { REPOSITORIES, type Repository, requireRootOf } from '../../factory/index.js';
import {
  parseRoot,
  parseTargets,
  pointerTo,
  type RootMetadata,
  type TargetsMetadata,
  verifyRootChain,
  verifyTargets,
} from '../../tuf/index.js';
import type { DocumentLine, JournalBody, SignerState } from '../journal/index.js';
import type { Published, PublishedRoots } from '../protocol.js';
import type { TokenKey } from '../token-types.js';
import {
  claimsOf,
  findForeignSignatures,
  type ForeignSignature,
  newFreezes,
  newRootsOf,
  type SeenDocument,
} from './foreign-signatures.js';
import { ownKeys } from './own-keys.js';
import { newRoots } from './roots.js';
import { roleFrozen } from './stops.js';

export interface PublishedDecision {
  readonly line: DocumentLine;
  /** To be written whatever the outcome. */
  readonly record: readonly JournalBody[];
  /** Signed by a key of ours and unknown to the journal, also if its role is frozen already. */
  readonly foreign: ForeignSignature | null;
  /** Set if what was shown is bad news: the answer is this error, after writing. */
  readonly error: CountersignError | null;
}

/**
 * Judges targets that the service shows as published, by a Wave that is active or production targets: they raise the watermark if a threshold
 * of the production root's keys signed them. It can only ever go up, and only to what officers approved and the Factory signed too.
 *
 * @throws INPUT_INVALID, METADATA_INVALID and what else parsing throws, FACTORY_NOT_IN_POLICY, ROOT_NOT_TRUSTED, THRESHOLD_NOT_MET, VERSION_*
 */
export function judgePublished(
  published: Published,
  state: SignerState,
  inTokens: readonly TokenKey[],
): PublishedDecision {
  const { factory, tag } = published;
  const targets = parseTargets(Buffer.from(published.metadata, 'utf8'));
  const { chains, record, newOnes } = judgeRootChains(published, state);
  const root = chains.production.at(-1);
  if (root === undefined) {
    throw new CountersignError('ROOT_NOT_TRUSTED', `no production root of ${factory} is known yet`, {
      pointer: '/roots',
      hint: 'send the root chain along, from the first trusted root on',
    });
  }
  const line: DocumentLine = { factory, repository: 'production', role: 'targets', tag };
  const { signed, sha256, signatures, signedBytes } = targets;
  const { version } = signed;
  const claims = claimsOf(signatures, root.signed, signedBytes);
  const seen = { repository: 'production', tag, version, sha256, root: root.signed, claims } as const;
  const foreign = findForeignSignatures([...newOnes, seen], ownKeys(state, inTokens), state, factory);
  record.push(...newFreezes(foreign, state));
  const [first] = foreign;
  if (first !== undefined) return { line, record, foreign: first, error: roleFrozen(first.freeze) };
  verifyTargets(root, targets);
  requireTag(targets, tag);
  const mark = state.watermarkOf(line);
  if (version > (mark?.published?.version ?? 0)) {
    record.push({ type: 'published', ...line, version, sha256: targets.sha256, source: 'report' });
  }
  return { line, record, foreign: null, error: null };
}

export interface PublishedRootsDecision {
  /** To be written whatever the outcome. */
  readonly record: readonly JournalBody[];
  /** Set if a new root carries a signature by a key of ours that the journal does not know. */
  readonly error: CountersignError | null;
}

/**
 * Judges root chains that the service shows as published, verified from the first trusted root on. Only so does a root that was signed here
 * come into force here: that it was signed does not say that the Factory took it.
 *
 * @throws METADATA_INVALID and what else parsing throws, FACTORY_NOT_IN_POLICY, ROOT_NOT_TRUSTED, THRESHOLD_NOT_MET, VERSION_*
 */
export function judgePublishedRoots(
  published: PublishedRoots,
  state: SignerState,
  inTokens: readonly TokenKey[],
): PublishedRootsDecision {
  const { record, newOnes } = judgeRootChains(published, state);
  const foreign = findForeignSignatures(newOnes, ownKeys(state, inTokens), state, published.factory);
  const [first] = foreign;
  return {
    record: [...record, ...newFreezes(foreign, state)],
    error: first === undefined ? null : roleFrozen(first.freeze),
  };
}

interface JudgedChains {
  readonly chains: Readonly<Record<Repository, readonly RootMetadata[]>>;
  /** New roots. */
  readonly record: JournalBody[];
  /** The same as documents that may carry signatures of ours. */
  readonly newOnes: readonly SeenDocument[];
}

function judgeRootChains(published: Pick<Published, 'factory' | 'roots'>, state: SignerState): JudgedChains {
  const { factory } = published;
  const chains = { ci: rootChain('ci', published, state), production: rootChain('production', published, state) };
  const record: JournalBody[] = [];
  const newOnes: SeenDocument[] = [];
  for (const repository of REPOSITORIES) {
    if (chains[repository].length === 0) continue;
    record.push(...newRoots(chains[repository], state, factory, repository));
    newOnes.push(...newRootsOf(chains[repository], state, factory, repository));
  }
  return { chains, record, newOnes };
}

/**
 * The chain from the pinned root on: what the journal knows and the roots that came along after it, verified.
 * They may overlap; where they differ, `newRoots` refuses.
 */
function rootChain(
  repository: Repository,
  { factory, roots }: Pick<Published, 'factory' | 'roots'>,
  state: SignerState,
): readonly RootMetadata[] {
  const trustedSha256 = state.firstRoots.get(factory);
  if (trustedSha256 === undefined) {
    throw new CountersignError('FACTORY_NOT_IN_POLICY', `this signer knows no Factory ${factory}`, {
      pointer: '/factory',
      details: { factory },
    });
  }
  const known = state.rootsOf(factory, repository);
  const given = (roots?.[repository] ?? []).map((text) => parseRoot(Buffer.from(text, 'utf8')));
  const [first] = given;
  if (first === undefined) return known;
  const before = known.filter((root) => root.signed.version < first.signed.version);
  const chain = [...before, ...given];
  verifyRootChain(chain, { trustedSha256 });
  for (const { signed } of chain) requireRootOf(repository, signed);
  // a chain that ends before the journal's newest root says nothing new, and nothing wrong
  return chain.length < known.length ? known : chain;
}

/** Production targets do not name their tag; their entries do, each with that one. */
function requireTag({ signed }: TargetsMetadata, tag: string): void {
  for (const [name, { custom }] of Object.entries(signed.targets)) {
    const tags = custom?.['tags'];
    if (Array.isArray(tags) && tags.includes(tag)) continue;
    throw new CountersignError('INPUT_INVALID', `the target ${name} is not of the tag ${tag}`, {
      pointer: pointerTo(pointerTo('/metadata/signed/targets', name), 'custom'),
      details: { tag },
    });
  }
}
