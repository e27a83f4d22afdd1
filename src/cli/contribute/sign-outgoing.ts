import type { ExternalSignaturesBody } from '../../api/index.js';
import type { VerifiedRootDossier } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { findInRole, signOffline, type OfflineKey } from '../../offline-keys/index.js';

type ExternalSignature = ExternalSignaturesBody['signatures'][number];

/**
 * Signs both new roots of a verified dossier with those of the keys that the root in force names and the new one does not. The
 * bytes are the dossier's, which were made anew from the changes that officers read.
 *
 * @throws KEY_NOT_FOUND none of the keys is an outgoing one
 */
export function signOutgoing(verified: VerifiedRootDossier, keys: readonly OfflineKey[]): ExternalSignature[] {
  const { previous, next } = verified.signers;
  const held = findInRole(keys, verified.roots.ci.signed, 'root');
  const outgoing = held.filter(({ keyid }) => previous.keyids.includes(keyid) && !next.keyids.includes(keyid));
  if (outgoing.length === 0) {
    throw new CountersignError(
      'KEY_NOT_FOUND',
      held.length === 0
        ? 'none of the keys is a root key in force'
        : 'the request does not retire the root key that was given: nothing is signed with a key that stays',
      { hint: 'look at `countersign root show` and `countersign review`' },
    );
  }
  return ([0, 1] as const).flatMap((document) =>
    outgoing.map(({ keyid, offline }) => {
      const { method, sig } = signOffline(offline, keyid, verified.documents[document]?.bytes ?? missing(document));
      return { document, keyid, method: method === 'ed25519' ? method : 'rsassa-pss-sha256', sig };
    }),
  );
}

function missing(document: number): never {
  throw new CountersignError('DOSSIER_INVALID', `the dossier has no document ${document}`);
}
