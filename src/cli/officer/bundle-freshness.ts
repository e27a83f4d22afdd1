import type { VerifiedBundleDossier } from '../../dossier/index.js';
import { fetchPlaces, type FactoryPort } from '../../signing/index.js';
import { checkRootsAreCurrent, type Freshness } from './freshness.js';

type Published = Pick<FactoryPort, 'url' | 'rootChain' | 'productionTargets' | 'waves' | 'waveTargets'>;

/**
 * Compares the roots of a bundle with those that the Factory publishes right now, and asks it where the bundle's Targets are
 * published. That they are nowhere any more is for the officer to judge.
 *
 * @throws STALE_BASE
 */
export async function checkBundleFreshness(verified: VerifiedBundleDossier, factory: Published): Promise<Freshness> {
  await checkRootsAreCurrent(verified, factory);
  const places = await fetchPlaces(factory, verified.statement.changes[0], verified.base.targets.signed);
  return { checked: true, factoryUrl: factory.url, places };
}
