import {
  checkThreshold,
  verifySignatureOnce,
  type Root,
  type TargetsMetadata,
  type ThresholdResult,
} from '../../tuf/index.js';
import type { RootBase } from './root-base.js';
import type { RootPlan } from './root-plan.js';

/** Targets of production, or of an active Wave, as the Factory serves them. */
export interface TargetsDocument {
  readonly tag: string;
  /** Null for the tag's production targets. */
  readonly wave: string | null;
  readonly metadata: TargetsMetadata;
}

/** How the document is called in messages; different for each. */
export function documentName({ tag, wave }: Pick<TargetsDocument, 'tag' | 'wave'>): string {
  return wave === null ? `production targets ${tag}` : `Wave ${wave}`;
}

/** The offline signatures of a document, before and after an update. */
export interface StandingSignatures {
  /** Offline targets keys in force that have validly signed it. */
  readonly before: readonly string[];
  /** Those of them that the new production root still names. */
  readonly after: readonly string[];
}

/** Who has signed a document, and whether that is enough for devices now. @throws SIGNATURE_DUPLICATE_KEYID */
export function checkTargetsDocument(
  { metadata }: Pick<TargetsDocument, 'metadata'>,
  { production }: Pick<RootBase, 'production'>,
): ThresholdResult {
  return checkThreshold(metadata, production, 'targets', verifySignatureOnce);
}

/** @param signed as `checkTargetsDocument` found */
export function standingSignatures(signed: readonly string[], base: RootBase, plan: RootPlan): StandingSignatures {
  const before = signed.filter((keyid) => keyid !== base.onlineTargetsKeyid);
  const next = offlineTargetsKeyids(plan.production, plan.onlineTargetsKeyid);
  return { before, after: before.filter((keyid) => next.includes(keyid)) };
}

export function offlineTargetsKeyids(root: Root, onlineTargetsKeyid: string): string[] {
  return (root.roles['targets']?.keyids ?? []).filter((keyid) => keyid !== onlineTargetsKeyid);
}

/**
 * How many offline signatures devices want on a production document: all but the online one. None as long as nobody has a
 * key to make them with, which is how a Factory is before the first offline targets key comes.
 */
export function wantedSignatures(base: RootBase, { production, onlineTargetsKeyid }: RootPlan): number {
  const hadNone = offlineTargetsKeyids(base.production, base.onlineTargetsKeyid).length === 0;
  if (hadNone && offlineTargetsKeyids(production, onlineTargetsKeyid).length === 0) return 0;
  return (production.roles['targets']?.threshold ?? 1) - 1;
}
