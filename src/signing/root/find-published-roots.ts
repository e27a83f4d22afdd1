import type { RootStatement } from '../../dossier/index.js';
import { parseRoot } from '../../tuf/index.js';
import { parseServed } from '../fetch-base.js';
import type { FactoryPort } from '../ports.js';

/**
 * Whether the Factory publishes the new roots: both of them (`ours`), others of this version (`others`), or none, or just one
 * of the two, which is what an apply that is under way may look like (`not-yet`).
 *
 * @throws FACTORY_…
 */
export async function findPublishedRoots(
  port: FactoryPort,
  { base, documents }: RootStatement,
): Promise<'ours' | 'others' | 'not-yet'> {
  const [ci, production] = documents;
  const states = await Promise.all(
    [ci, production].map(async ({ repository, version, sha256 }) => {
      const chain = await port.rootChain(repository, base.root.version + 1);
      const [root] = chain.map((bytes) => parseServed(parseRoot, bytes, `${repository} root`));
      if (root === undefined) return 'none';
      return root.signed.version === version && root.sha256 === sha256 ? 'ours' : 'others';
    }),
  );
  if (states.includes('others')) return 'others';
  return states.includes('none') ? 'not-yet' : 'ours';
}
