import { CountersignError } from '../../errors.js';
import type { Repository } from '../../factory/index.js';
import { type RootMetadata, serializeMetadata } from '../../tuf/index.js';
import type { JournalBodyOf, SignerState } from '../journal/index.js';

/**
 * The roots of a verified chain that the journal does not know yet. A chain that ends before the journal's root would bring
 * replaced keys back; one that differs somewhere was signed twice at that version.
 *
 * @param chain verified from the pinned first root on, ascending
 * @throws VERSION_ROLLBACK, ROOT_NOT_TRUSTED
 */
export function newRoots(
  chain: readonly RootMetadata[],
  state: SignerState,
  factory: string,
  repository: Repository,
): JournalBodyOf<'root'>[] {
  const known = state.rootsOf(factory, repository);
  known.forEach((root, index) => {
    const { version } = root.signed;
    const given = chain[index];
    if (given === undefined) {
      const last = chain.at(-1)?.signed.version ?? 0;
      throw new CountersignError(
        'VERSION_ROLLBACK',
        `the ${repository} root version ${last} is older than one that is known`,
        {
          hint: 'ask for it again on the current root',
          details: { document: 'root', repository, version: last, known: known.at(-1)?.signed.version ?? version },
        },
      );
    }
    if (given.sha256 !== root.sha256) {
      throw new CountersignError(
        'ROOT_NOT_TRUSTED',
        `the ${repository} root version ${version} is another one than the known`,
        {
          hint: 'two roots of this version were signed; find out why before anything else is signed',
          details: { repository, version, known: root.sha256, given: given.sha256 },
        },
      );
    }
  });
  return chain.slice(known.length).map((root) => ({
    type: 'root',
    factory,
    repository,
    version: root.signed.version,
    sha256: root.sha256,
    text: serializeMetadata(root).toString('utf8'),
  }));
}
