import type { RootStatement } from '../../dossier/index.js';
import type { RootBase } from '../../factory/index.js';
import { parseRoot, verifyThreshold } from '../../tuf/index.js';
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
  { base: { root: inForce }, documents }: RootStatement,
  base: RootBase,
): Promise<'ours' | 'others' | 'not-yet'> {
  const [ci, production] = documents;
  const states = await Promise.all(
    [ci, production].map(async ({ repository, version, sha256 }) => {
      const chain = await port.rootChain(repository, inForce.version + 1);
      const [root] = chain.map((bytes) => parseServed(parseRoot, bytes, `${repository} root`));
      if (root === undefined) return 'none';
      if (root.signed.version === version && root.sha256 === sha256) return 'ours';
      verifyThreshold(root, base[repository], 'root');
      return 'others';
    }),
  );
  if (states.includes('others')) return 'others';
  return states.includes('none') ? 'not-yet' : 'ours';
}
