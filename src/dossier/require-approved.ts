import { CountersignError } from '../errors.js';
import type { VerifiedDossier } from './verified-dossier.js';

/**
 * Requires that a verified dossier is approved: nobody rejected it, and the quorum is there.
 *
 * @throws REJECTED one officer's rejection is enough, and final
 * @throws QUORUM_NOT_MET
 */
export function requireApproved({ rejections, quorum }: Pick<VerifiedDossier, 'rejections' | 'quorum'>): void {
  const rejection = rejections[0];
  if (rejection !== undefined) {
    throw new CountersignError('REJECTED', `${rejection.person} rejected it: ${rejection.reason}`, {
      hint: 'A rejection is final; whoever still wants the change asks anew.',
      details: { persons: rejections.map(({ person }) => person) },
    });
  }
  if (quorum.missing > 0) {
    const { needed, persons, missing } = quorum;
    throw new CountersignError('QUORUM_NOT_MET', `${persons.length} of ${needed} needed officers approved it`, {
      details: { needed, missing, persons },
    });
  }
}
