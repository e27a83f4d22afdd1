import { NAMESPACES, parseRejection, type Rejection } from '../approval/index.js';
import { isCountersignError } from '../errors.js';
import type { Policy } from '../policy/index.js';
import { findSigner } from './check-approvals.js';
import type { RejectionLine } from './dossier-line.js';
import type { CheckedRejection, IgnoredRejection } from './verified-dossier.js';

/**
 * Looks at every rejection. One by an officer (the requester too) of just this statement is final; any other is
 * reported and has no effect, or a stranger could stop a request.
 */
export function checkRejections(
  lines: readonly Pick<RejectionLine, 'text' | 'sshsig'>[],
  statementSha256: string,
  policy: Policy,
): { rejections: CheckedRejection[]; ignoredRejections: IgnoredRejection[] } {
  const rejections: CheckedRejection[] = [];
  const ignoredRejections: IgnoredRejection[] = [];
  for (const { text, sshsig } of lines) {
    const message = Buffer.from(text, 'utf8');
    const { person, fingerprint, why } = findSigner({ armored: sshsig, namespace: NAMESPACES.reject, message }, policy);
    const rejection = readRejection(text);
    if (person === null) ignoredRejections.push({ fingerprint, why: why ?? 'malformed' });
    else if (rejection === null) ignoredRejections.push({ fingerprint, why: 'malformed' });
    else if (rejection.statementSha256 !== statementSha256)
      ignoredRejections.push({ fingerprint, why: 'other-statement' });
    else rejections.push({ person, fingerprint, reason: rejection.reason });
  }
  return { rejections, ignoredRejections };
}

function readRejection(text: string): Rejection | null {
  try {
    return parseRejection(text);
  } catch (error) {
    if (isCountersignError(error)) return null;
    throw error;
  }
}
