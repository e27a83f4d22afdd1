import { requireKind, type VerifiedDossier } from '../../dossier/index.js';
import { isCountersignError } from '../../errors.js';
import type { Repository } from '../../factory/index.js';
import { type Root, type Signature, verifySignature } from '../../tuf/index.js';
import type { JournalBodyOf, SignerState } from '../journal/index.js';
import { findOwnKey, type OwnKey } from './own-keys.js';

/** A document that came from outside, with the root whose keyids its signatures use. */
export interface SeenDocument {
  readonly repository: Repository;
  readonly version: number;
  readonly sha256: string;
  readonly signedBytes: Uint8Array;
  readonly signatures: readonly Signature[];
  readonly root: Root;
}

/**
 * Looks for signatures that were validly made by a key of ours over something that no intent in the journal covers. Either the key
 * was used behind this signer's back, or the journal is not the whole one: in both cases its watermarks cannot be relied on, and the role
 * is frozen until people have found out.
 *
 * @returns one entry for each role, also if it is frozen already
 */
export function findForeignSignatures(
  documents: Iterable<SeenDocument>,
  own: ReadonlyMap<string, OwnKey>,
  state: SignerState,
  factory: string,
): JournalBodyOf<'freeze'>[] {
  const found = new Map<string, JournalBodyOf<'freeze'>>();
  for (const { repository, version, sha256, signedBytes, signatures, root } of documents) {
    for (const signature of signatures) {
      const key = findOwnKey(own, root, signature.keyid);
      if (key === null || state.knowsDocument(key.keyid, sha256)) continue;
      if (found.has(key.role)) continue;
      if (!isValid(signature, root, signedBytes)) continue;
      found.set(key.role, { type: 'freeze', factory, role: key.role, keyid: key.keyid, repository, version, sha256 });
    }
  }
  return [...found.values()];
}

function isValid(signature: Signature, root: Root, signedBytes: Uint8Array): boolean {
  const key = root.keys[signature.keyid];
  if (key === undefined) return false;
  try {
    verifySignature(key, signature, signedBytes);
    return true;
  } catch (error) {
    if (isCountersignError(error)) return false;
    throw error;
  }
}

/** Everything in a dossier that may carry a signature of ours; roots only as far as they are new. */
export function* documentsOf(dossier: VerifiedDossier, state: SignerState): Generator<SeenDocument> {
  const { base, documents, published, rootChains, roots, signatures, statement } = requireKind(dossier, 'wave');
  for (const repository of ['ci', 'production'] as const) {
    const chain = rootChains[repository];
    for (const [index, root] of chain.entries()) {
      if (index < state.rootsOf(statement.factory, repository).length) continue;
      // by its own keys, and by those of the root before it, which may name a key that was replaced
      yield { ...root, repository, version: root.signed.version, root: root.signed };
      const before = chain[index - 1];
      if (before !== undefined) yield { ...root, repository, version: root.signed.version, root: before.signed };
    }
  }
  const production = { repository: 'production', root: roots.production.signed } as const;
  yield { ...base.ciTargets, repository: 'ci', version: base.ciTargets.signed.version, root: roots.ci.signed };
  for (const targets of [base.productionTargets, published?.targets]) {
    if (targets) yield { ...targets, ...production, version: targets.signed.version };
  }
  for (const [index, { entry, bytes }] of documents.entries()) {
    yield {
      ...production,
      version: entry.version,
      sha256: entry.sha256,
      signedBytes: bytes,
      signatures: signatures.filter(({ document }) => document === index),
    };
  }
}

/** Those that the journal does not hold yet: a role is frozen once. */
export function newFreezes(
  freezes: readonly JournalBodyOf<'freeze'>[],
  state: SignerState,
): readonly JournalBodyOf<'freeze'>[] {
  return freezes.filter(({ factory, role }) => state.freezeOf(factory, role) === null);
}
