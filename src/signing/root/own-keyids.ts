import type { RootStatement } from '../../dossier/index.js';
import { planRootUpdate, type RootBase } from '../../factory/index.js';
import { keyidOf } from '../../tuf/index.js';
import type { Context } from '../context.js';

/**
 * Which of the keys that a root update names stand in tokens of the service's own signer, as the roots name them: also such as are
 * away at the moment.
 *
 * @throws SIGNER_UNAVAILABLE
 */
export async function ownKeyids(
  context: Context,
  { changes, documents }: RootStatement,
  base: RootBase,
): Promise<ReadonlySet<string>> {
  const own = new Set((await context.signer.keys()).keys.map(({ public: key }) => keyidOf(key)));
  const keys = { ...base.ci.keys, ...base.production.keys, ...planRootUpdate(changes, base).production.keys };
  const wanted = new Set(documents.flatMap(({ sign }) => sign));
  return new Set(
    [...wanted].filter((keyid) => {
      const key = keys[keyid];
      return key !== undefined && own.has(keyidOf(key));
    }),
  );
}
