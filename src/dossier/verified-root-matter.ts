import type { RootUpdate } from '../factory/index.js';
import type { VerifiedRootDossier } from './verified-dossier.js';

/** What a root update is about. It follows from what stands before it in the dossier, but for the votes, and from the documents themselves. */
export interface VerifiedRootMatter extends Pick<
  VerifiedRootDossier,
  'statement' | 'base' | 'documents' | 'next' | 'onlineTargetsKeyids' | 'signers' | 'summary'
> {
  readonly update: RootUpdate;
}
