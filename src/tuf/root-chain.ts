import { CountersignError } from '../errors.js';
import { verifyNotExpired } from './expiry.js';
import type { RootMetadata } from './metadata.js';
import { verifyThreshold } from './threshold.js';

/**
 * Verifies that `next` may follow `trusted`, as a device does (TUF client workflow 5.3).
 *
 * @throws SIGNATURE_DUPLICATE_KEYID, THRESHOLD_NOT_MET, VERSION_ROLLBACK, VERSION_GAP
 */
export function verifyRootUpdate(trusted: RootMetadata, next: RootMetadata): void {
  verifySignedByBoth(trusted, next);
  verifyNextVersion(trusted, next);
  // 5.3.6: the expiry of a root in the middle of a chain is not judged
}

/**
 * Verifies a chain of roots and returns its last one.
 *
 * @param roots consecutive versions, the first one trusted
 * @param options.trustedSha256 digest of the first root's `signed` that the caller got from elsewhere. Without it the
 *   chain is only consistent in itself
 * @param options.now the last root must not have expired then; without it expiry is not judged
 * @throws ROOT_NOT_TRUSTED, METADATA_EXPIRED and what `verifyRootUpdate` throws
 */
export function verifyRootChain(
  roots: readonly RootMetadata[],
  options: { readonly trustedSha256?: string | undefined; readonly now?: Date | undefined } = {},
): RootMetadata {
  const [first, ...rest] = roots;
  if (first === undefined) throw new CountersignError('ROOT_NOT_TRUSTED', 'there is no root');
  verifyTrusted(first, options.trustedSha256);
  let trusted = first;
  for (const next of rest) {
    verifyRootUpdate(trusted, next);
    trusted = next; // 5.3.7
  }
  if (options.now !== undefined) verifyNotExpired(trusted.signed, options.now); // 5.3.10
  return trusted;
}

/** 5.2: the first root is trusted because it is the pinned one; that it signed itself shows that it is whole. */
function verifyTrusted(first: RootMetadata, trustedSha256: string | undefined): void {
  if (trustedSha256 !== undefined && first.sha256 !== trustedSha256) {
    throw new CountersignError('ROOT_NOT_TRUSTED', `root version ${first.signed.version} is not the trusted one`, {
      details: { version: first.signed.version, sha256: first.sha256, trustedSha256 },
    });
  }
  verifyThreshold(first, first.signed, 'root');
}

/** 5.3.4: by a threshold of the keys that were trusted, and by a threshold of its own. */
function verifySignedByBoth(trusted: RootMetadata, next: RootMetadata): void {
  verifyThreshold(next, trusted.signed, 'root');
  verifyThreshold(next, next.signed, 'root');
}

/** 5.3.5: exactly one higher. */
function verifyNextVersion(trusted: RootMetadata, next: RootMetadata): void {
  const expected = trusted.signed.version + 1;
  const { version } = next.signed;
  if (version === expected) return;
  const code = version < expected ? 'VERSION_ROLLBACK' : 'VERSION_GAP';
  throw new CountersignError(code, `root version ${version} cannot follow version ${trusted.signed.version}`, {
    pointer: '/signed/version',
    details: { version, expected },
  });
}
