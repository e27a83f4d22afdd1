import type { VerifiedDossier } from '../../dossier/index.js';
import { isCountersignError } from '../../errors.js';
import { REPOSITORIES, type Repository } from '../../factory/index.js';
import { type Root, type RootMetadata, type Signature, verifySignature } from '../../tuf/index.js';
import type { JournalBodyOf, SignerState } from '../journal/index.js';
import { findOwnKey, type OwnKey } from './own-keys.js';
import { signingRoot } from './signing-root.js';

/** A document that came from outside, and who is said to have signed it. */
export interface SeenDocument {
  readonly repository: Repository;
  /** Null for what has none. */
  readonly tag: string | null;
  readonly version: number;
  readonly sha256: string;
  /** By which the keyids of its signatures are read. */
  readonly root: Pick<Root, 'keys'>;
  readonly claims: Iterable<SignatureClaim>;
}

/** A signature that may be one; it is verified only when it matters. */
export interface SignatureClaim {
  readonly keyid: string;
  readonly holds: () => boolean;
}

/** What was found: a reason to freeze a role. */
export interface ForeignSignature {
  readonly freeze: JournalBodyOf<'freeze'>;
  /** The document's tag, null if it has none. */
  readonly tag: string | null;
}

/**
 * Looks for signatures that were validly made by a key of ours over something that no intent in the journal covers. Either the key
 * was used behind this signer's back, or the journal is not the whole one: in both cases its watermarks cannot be relied on, and the role
 * is frozen until people have found out.
 *
 * @returns one for each role, also if it is frozen already
 */
export function findForeignSignatures(
  documents: Iterable<SeenDocument>,
  own: ReadonlyMap<string, OwnKey>,
  state: SignerState,
  factory: string,
): ForeignSignature[] {
  return firstOfEach(unknownClaims(documents, own, state), factory, ({ key }) => key.role);
}

/** The same, and all of them: each document once for each key. */
export function findAllForeignSignatures(
  documents: Iterable<SeenDocument>,
  own: ReadonlyMap<string, OwnKey>,
  state: SignerState,
  factory: string,
): ForeignSignature[] {
  const nameOf = ({ key, document }: UnknownClaim): string => `${key.keyid} ${document.sha256}`;
  return firstOfEach(unknownClaims(documents, own, state), factory, nameOf);
}

/** Verifies no more signatures than it has to. */
function firstOfEach(
  claims: Iterable<UnknownClaim>,
  factory: string,
  nameOf: (claim: UnknownClaim) => string,
): ForeignSignature[] {
  const found = new Map<string, ForeignSignature>();
  for (const claim of claims) {
    const name = nameOf(claim);
    if (!found.has(name) && claim.holds()) found.set(name, foreignSignature(claim.document, claim.key, factory));
  }
  return [...found.values()];
}

interface UnknownClaim extends Pick<SignatureClaim, 'holds'> {
  readonly document: SeenDocument;
  readonly key: OwnKey;
}

function* unknownClaims(
  documents: Iterable<SeenDocument>,
  own: ReadonlyMap<string, OwnKey>,
  state: SignerState,
): Generator<UnknownClaim> {
  for (const document of documents) {
    for (const { keyid, holds } of document.claims) {
      const key = findOwnKey(own, document.root, keyid);
      if (key !== null && !state.knowsDocument(key.keyid, document.sha256)) yield { document, key, holds };
    }
  }
}

function foreignSignature(
  { repository, tag, version, sha256 }: SeenDocument,
  { role, keyid }: OwnKey,
  factory: string,
): ForeignSignature {
  return { tag, freeze: { type: 'freeze', factory, role, keyid, repository, version, sha256 } };
}

/** The signatures of a document, each verified with the key that the root has under its keyid. */
export function claimsOf(
  signatures: readonly Signature[],
  root: Pick<Root, 'keys'>,
  signedBytes: Uint8Array,
): SignatureClaim[] {
  return signatures.map((signature) => ({
    keyid: signature.keyid,
    holds: () => isValid(signature, root, signedBytes),
  }));
}

function isValid(signature: Signature, { keys }: Pick<Root, 'keys'>, signedBytes: Uint8Array): boolean {
  const key = Object.hasOwn(keys, signature.keyid) ? keys[signature.keyid] : undefined;
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
  const { documents, rootChains, roots, signatures, statement } = dossier;
  for (const repository of REPOSITORIES)
    yield* newRootsOf(rootChains[repository], state, statement.factory, repository);
  const { ciTargets } = dossier.base;
  const ci = roots.ci.signed;
  yield {
    ...{ repository: 'ci', tag: null, version: ciTargets.signed.version, sha256: ciTargets.sha256, root: ci },
    claims: claimsOf(ciTargets.signatures, ci, ciTargets.signedBytes),
  };
  yield* targetsOf(dossier);
  const signed = new Map<number, Signature[]>();
  for (const { document, keyid, method, sig } of [...signatures, ...othersOf(dossier)]) {
    signed.set(document, [...(signed.get(document) ?? []), { keyid, method, sig }]);
  }
  for (const [index, { entry, bytes }] of documents.entries()) {
    const { repository, version, sha256 } = entry;
    const root = signingRoot(dossier, entry);
    // a bundle stands on no tag's line
    const tag = entry.role === 'targets' && dossier.kind !== 'bundle' ? entry.tag : null;
    yield { repository, tag, version, sha256, root, claims: claimsOf(signed.get(index) ?? [], root, bytes) };
  }
}

/** Signatures over the documents that no signer of ours is said to have made. */
function othersOf(dossier: VerifiedDossier): readonly DossierSignatureParts[] {
  if (dossier.kind === 'root') return dossier.externals;
  return dossier.kind === 'bundle' ? dossier.bundle.signatures.map((one) => ({ document: 0, ...one })) : [];
}

type DossierSignatureParts = Signature & { readonly document: number };

/** The targets that a statement builds on, and what is published of it. */
function targetsOf(dossier: VerifiedDossier): Generator<SeenDocument> {
  switch (dossier.kind) {
    case 'wave':
      return waveTargetsOf(dossier);
    case 'root':
      return baseDocumentsOf(dossier);
    case 'bundle':
      return targetsBesideOf(dossier);
  }
}

/** The roots of a chain that the journal does not hold. */
export function newRootsOf(
  chain: readonly RootMetadata[],
  state: SignerState,
  factory: string,
  repository: Repository,
): Generator<SeenDocument> {
  return rootsFrom(state.rootsOf(factory, repository).length, chain, repository);
}

/** The roots of a chain from that index on: by their own keys, and by those of the root before, which may name a replaced key. */
export function* rootsFrom(
  first: number,
  chain: readonly RootMetadata[],
  repository: Repository,
): Generator<SeenDocument> {
  for (const [index, { signed, sha256, signatures, signedBytes }] of chain.entries()) {
    if (index < first) continue;
    const head = { repository, tag: null, version: signed.version, sha256 };
    for (const root of [signed, chain[index - 1]?.signed]) {
      if (root !== undefined) yield { ...head, root, claims: claimsOf(signatures, root, signedBytes) };
    }
  }
}

function* waveTargetsOf({ base, published, roots, wave }: Extract<VerifiedDossier, { kind: 'wave' }>) {
  const root = roots.production.signed;
  for (const targets of [base.productionTargets, published?.targets]) {
    if (!targets) continue;
    const { signed, sha256, signatures, signedBytes } = targets;
    const head = { repository: 'production' as const, tag: wave.tag, version: signed.version, sha256 };
    yield { ...head, root, claims: claimsOf(signatures, root, signedBytes) };
  }
}

function* targetsBesideOf({ base, roots, statement }: Extract<VerifiedDossier, { kind: 'bundle' }>) {
  const root = roots.production.signed;
  const { signed, sha256, signatures, signedBytes } = base.targets;
  const { tag } = statement.documents[0];
  const head = { repository: 'production' as const, tag, version: signed.version, sha256 };
  yield { ...head, root, claims: claimsOf(signatures, root, signedBytes) };
}

/** Of these the verification of the dossier tells who has validly signed them. */
function* baseDocumentsOf({ base, roots }: Extract<VerifiedDossier, { kind: 'root' }>): Generator<SeenDocument> {
  const root = roots.production.signed;
  for (const { tag, version, sha256, signedBy } of base.documents) {
    const claims = signedBy.map((keyid) => ({ keyid, holds: () => true }));
    yield { repository: 'production', tag, version, sha256, root, claims };
  }
}

/** Those that the journal does not hold yet: a role is frozen once. */
export function newFreezes(foreign: readonly ForeignSignature[], state: SignerState): JournalBodyOf<'freeze'>[] {
  return foreign.flatMap(({ freeze }) => (state.freezeOf(freeze.factory, freeze.role) === null ? [freeze] : []));
}
