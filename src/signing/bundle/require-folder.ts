import { CountersignError, isCountersignError } from '../../errors.js';
import { verifyBundleSignatures } from '../../factory/index.js';
import { parseRoot, verifyTargets, type RootMetadata } from '../../tuf/index.js';
import type { FetchedChain } from '../fetch-base.js';
import type { ParsedBundleSubmission } from './bundle-submission.js';

const AGAIN = 'Make the folder anew with fioctl targets offline-update.';

/**
 * Requires of a folder what a device would, that trusts the pinned root: its roots are the published ones and the newest is
 * among them, its targets and the signatures on its bundle hold under that one, and the bundle lacks a signature.
 *
 * @returns keyids that have signed the bundle
 * @throws BUNDLE_BASE_INVALID, STALE_BASE, BUNDLE_SIGNATURE_INVALID, BUNDLE_SIGNED
 */
export function requireFolder(
  { roots, targets, bundle }: ParsedBundleSubmission,
  production: FetchedChain,
  now: Date,
): readonly string[] {
  requirePublishedRoots(roots, production);
  try {
    verifyTargets(production.last, targets, { now });
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError(
      'BUNDLE_BASE_INVALID',
      `devices refuse the targets beside the bundle: ${cause.message}`,
      {
        pointer: '/folder/targets',
        hint: AGAIN,
        details: { reason: cause.code },
        cause,
      },
    );
  }
  const { signed, missing } = verifyBundleSignatures(bundle, production.last.signed);
  if (missing > 0) return signed;
  throw new CountersignError('BUNDLE_SIGNED', 'the bundle has all the signatures that devices want already', {
    pointer: '/folder/bundle/signatures',
    details: { signed },
  });
}

function requirePublishedRoots(roots: readonly RootMetadata[], { bytes, last }: FetchedChain): void {
  const published = new Map(
    bytes.map((root) => {
      const { signed, sha256 } = parseRoot(root);
      return [signed.version, sha256];
    }),
  );
  for (const [index, { signed, sha256 }] of roots.entries()) {
    const previous = roots[index - 1]?.signed.version ?? signed.version - 1;
    if (published.get(signed.version) === sha256 && signed.version === previous + 1) continue;
    throw new CountersignError('BUNDLE_BASE_INVALID', `the folder's root ${signed.version} is not the published one`, {
      pointer: `/folder/roots/${index}`,
      hint: AGAIN,
      details: { version: signed.version },
    });
  }
  if (roots.at(-1)?.sha256 === last.sha256) return;
  throw new CountersignError('STALE_BASE', `the folder lacks the newest root, version ${last.signed.version}`, {
    pointer: '/folder/roots',
    hint: AGAIN,
    details: { version: last.signed.version },
  });
}
