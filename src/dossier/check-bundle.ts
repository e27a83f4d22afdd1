import { CountersignError } from '../errors.js';
import {
  applyBundle,
  jsonPointer,
  requireListed,
  verifyBundleSignatures,
  type BundleChange,
  type Repository,
} from '../factory/index.js';
import type { KindRules } from '../policy/index.js';
import {
  verifyTargets,
  type OfflineBundleMetadata,
  type Root,
  type RootMetadata,
  type TargetsMetadata,
} from '../tuf/index.js';
import type { BundleStatement } from './bundle-statement.js';
import { checkSign } from './check-sign.js';
import { CLOCK_SKEW_MS } from './check-times.js';
import { baseMismatch, requireBaseDocument, requireBaseRoots, requireTargetsOf } from './require-base.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What a bundle's statement is about. */
export interface BundleMatter {
  readonly roots: Readonly<Record<Repository, RootMetadata>>;
  readonly ciTargets: TargetsMetadata;
  /** The targets beside the bundle. */
  readonly targets: { readonly tag: string; readonly metadata: TargetsMetadata };
  /** With the signatures that it came with. */
  readonly bundle: OfflineBundleMetadata;
}

/**
 * Checks a bundle's statement against what it is about, as a device that reads the stick would, up to the signatures that are
 * still to come.
 *
 * @throws STATEMENT_BASE_MISMATCH, STATEMENT_DOCUMENT_MISMATCH, CHANGES_DO_NOT_REPRODUCE, BUNDLE_*, EXPIRES_BEYOND_POLICY, SIGN_KEY_*,
 *   THRESHOLD_NOT_MET, SIGNATURE_DUPLICATE_KEYID
 */
export function checkBundle(statement: BundleStatement, matter: BundleMatter, rules: KindRules): void {
  const { base, changes, documents } = statement;
  const { roots, ciTargets, targets, bundle } = matter;
  const [change] = changes;
  requireBaseRoots(statement, roots);
  requireBaseDocument(ciTargets, base.ciTargets, ['ciTargets'], 'the CI targets');
  const online = verifyTargets(roots.ci, ciTargets).signed;
  checkTargetsBeside(base.targets, change.tag, targets, roots.production);
  requireListed(change, targets.metadata.signed);
  checkDocument(documents[0], change, bundle);
  checkExpires(statement, change, rules);
  checkSigners(documents[0].sign, online, bundle, roots.production.signed);
}

function checkTargetsBeside(
  base: BundleStatement['base']['targets'],
  tag: string,
  targets: BundleMatter['targets'],
  root: RootMetadata,
): void {
  const wanted = Object.hasOwn(base, tag) ? base[tag] : undefined;
  if (wanted === undefined || Object.keys(base).length !== 1)
    throw baseMismatch(['targets'], `a bundle for tag ${tag} goes with targets of that tag alone`);
  const path = ['targets', tag];
  if (targets.tag !== tag) throw baseMismatch(path, 'the dossier holds the targets of another tag');
  requireBaseDocument(targets.metadata, wanted, path, 'the targets beside the bundle');
  verifyTargets(root, targets.metadata);
  requireTargetsOf(tag, targets.metadata, path);
}

function checkDocument(
  entry: BundleStatement['documents'][0],
  change: BundleChange,
  { signedBytes, sha256 }: OfflineBundleMetadata,
): void {
  const bytes = applyBundle(change);
  if (!bytes.equals(signedBytes)) {
    throw new CountersignError(
      'CHANGES_DO_NOT_REPRODUCE',
      'the change of the statement gives another bundle than the one in the dossier',
      { pointer: '/changes/0', hint: 'Do not approve it: what would be signed is not what the statement says.' },
    );
  }
  const { tag, version, expires } = change;
  const actual = { tag, version, expires, length: bytes.length, sha256 };
  for (const member of ['tag', 'version', 'expires', 'length', 'sha256'] as const) {
    if (entry[member] === actual[member]) continue;
    throw new CountersignError(
      'STATEMENT_DOCUMENT_MISMATCH',
      `the bundle has ${member} ${actual[member]}, the statement says ${entry[member]}`,
      { pointer: jsonPointer('documents', 0, member) },
    );
  }
}

/** The Factory counts the days of a bundle by its own clock. */
function checkExpires({ created }: BundleStatement, { expires }: BundleChange, { maxExpiresDays }: KindRules): void {
  const lifetimeMs = Date.parse(expires) - Date.parse(created);
  const where = { pointer: '/documents/0/expires', details: { expires, created, maxExpiresDays } };
  if (lifetimeMs <= 0) {
    throw new CountersignError('BUNDLE_EXPIRES_INVALID', 'the bundle expires before it was asked for', where);
  }
  if (lifetimeMs <= maxExpiresDays * DAY_MS + CLOCK_SKEW_MS) return;
  throw new CountersignError(
    'EXPIRES_BEYOND_POLICY',
    `the bundle expires later than the ${maxExpiresDays} days after the request that the policy allows`,
    { ...where, hint: 'fioctl targets offline-update takes --expires-in-days.' },
  );
}

/** The Factory has signed it, and with those that are asked for it has as many signatures as devices want. */
function checkSigners(
  sign: readonly string[],
  online: readonly string[],
  bundle: OfflineBundleMetadata,
  root: Root,
): void {
  const { signed: present } = verifyBundleSignatures(bundle, root);
  if (!online.some((keyid) => present.includes(keyid))) {
    throw new CountersignError('BUNDLE_SIGNATURE_INVALID', 'the Factory itself has not signed the bundle', {
      pointer: '/signatures',
    });
  }
  const again = sign.find((keyid) => present.includes(keyid) && !online.includes(keyid));
  if (again !== undefined) {
    throw new CountersignError('SIGNATURE_DUPLICATE_KEYID', `the bundle has a signature by ${again} already`, {
      pointer: '/documents/0/sign',
      details: { keyid: again },
    });
  }
  checkSign(sign, [...new Set([...online, ...present])], root);
}
