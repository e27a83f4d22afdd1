import { CountersignError } from '../../errors.js';
import { type Repository, requireRootOf } from '../../factory/index.js';
import {
  parseRoot,
  parseTargets,
  pointerTo,
  type RootMetadata,
  type TargetsMetadata,
  verifyRootChain,
  verifyTargets,
} from '../../tuf/index.js';
import type { DocumentLine, JournalBody, JournalBodyOf, SignerState } from '../journal/index.js';
import type { Published } from '../protocol.js';
import type { TokenKey } from '../token-types.js';
import { findForeignSignatures, newFreezes } from './foreign-signatures.js';
import { ownKeys } from './own-keys.js';
import { newRoots } from './roots.js';
import { roleFrozen } from './stops.js';

export interface PublishedDecision {
  readonly line: DocumentLine;
  /** To be written whatever the outcome. */
  readonly record: readonly JournalBody[];
  /** Signed by a key of ours and unknown to the journal, also if its role is frozen already. */
  readonly foreign: JournalBodyOf<'freeze'> | null;
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
  const record: JournalBody[] = [];
  const chains = { ci: rootChain('ci', published, state), production: rootChain('production', published, state) };
  for (const repository of ['ci', 'production'] as const) {
    if (chains[repository].length > 0) record.push(...newRoots(chains[repository], state, factory, repository));
  }
  const root = chains.production.at(-1);
  if (root === undefined) {
    throw new CountersignError('ROOT_NOT_TRUSTED', `no production root of ${factory} is known yet`, {
      pointer: '/roots',
      hint: 'send the root chain along, from the first trusted root on',
    });
  }
  const line: DocumentLine = { factory, repository: 'production', role: 'targets', tag };
  const { version } = targets.signed;
  const seen = { ...targets, repository: 'production', version, root: root.signed } as const;
  const freezes = findForeignSignatures([seen], ownKeys(state, inTokens), state, factory);
  record.push(...newFreezes(freezes, state));
  const [freeze] = freezes;
  if (freeze !== undefined) {
    return { line, record, foreign: freeze, error: roleFrozen(freeze) };
  }
  verifyTargets(root, targets);
  requireTag(targets, tag);
  const mark = state.watermarkOf(line);
  if (version > (mark?.published?.version ?? 0)) {
    record.push({ type: 'published', ...line, version, sha256: targets.sha256, source: 'report' });
  }
  return { line, record, foreign: null, error: null };
}

/**
 * The chain from the pinned root on: what the journal knows and the roots that came along after it, verified.
 * They may overlap; where they differ, `newRoots` refuses.
 */
function rootChain(repository: Repository, { factory, roots }: Published, state: SignerState): readonly RootMetadata[] {
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
