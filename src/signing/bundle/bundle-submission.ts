import { z } from 'zod';
import { parseWithSchema } from '../../approval/index.js';
import { reasonSchema } from '../../dossier/index.js';
import { inPart } from '../../errors.js';
import { diffBundle, factoryNameSchema, type BundleChange } from '../../factory/index.js';
import {
  encodeText,
  parseOfflineBundle,
  parseRoot,
  parseTargets,
  sha256Hex,
  type OfflineBundleMetadata,
  type RootMetadata,
  type TargetsMetadata,
} from '../../tuf/index.js';

/** The metadata of a folder that fioctl made for devices without network, each file's bytes as they stand. */
export interface BundleSubmission {
  readonly factory: string;
  readonly reason: string;
  /** `bundle-targets.json` */
  readonly bundle: Buffer;
  /** `targets.json` */
  readonly targets: Buffer;
  /** `N.root.json`, ascending. */
  readonly roots: readonly Buffer[];
  /** Everything is checked and nothing stored. */
  readonly dryRun?: boolean;
  readonly idempotencyKey?: string;
}

export interface ParsedBundleSubmission {
  readonly factory: string;
  readonly reason: string;
  readonly change: BundleChange;
  readonly bundle: OfflineBundleMetadata;
  readonly targets: TargetsMetadata;
  readonly roots: readonly RootMetadata[];
  readonly bytes: Pick<BundleSubmission, 'bundle' | 'targets'>;
  /** What a repeat under the same Idempotency-Key must have in common with it. */
  readonly sha256: string;
}

const schema = z.object({ factory: factoryNameSchema, reason: reasonSchema });

/**
 * @throws INPUT_INVALID, BUNDLE_TYPE, NOT_CANONICAL and what parsing metadata throws, with pointers from `/folder` on
 */
export function parseBundleSubmission(submission: BundleSubmission): ParsedBundleSubmission {
  const { factory, reason } = parseWithSchema(schema, submission, { code: 'INPUT_INVALID', what: 'submission' });
  const bundle = inPart('/folder/bundle', () => parseOfflineBundle(submission.bundle));
  const targets = inPart('/folder/targets', () => parseTargets(submission.targets));
  const roots = submission.roots.map((bytes, index) => inPart(`/folder/roots/${index}`, () => parseRoot(bytes)));
  return {
    ...{ factory, reason, bundle, targets, roots },
    change: inPart('/folder/bundle', () => diffBundle(bundle.signed)),
    bytes: { bundle: submission.bundle, targets: submission.targets },
    sha256: sha256Hex(encodeText({ factory, reason, bundle: bundle.sha256, targets: targets.sha256 })),
  };
}
