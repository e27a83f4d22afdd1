import type { BaseDocument, VerifiedRootDossier } from '../../dossier/index.js';
import type { FactoryPort } from '../../signing/index.js';
import { parseTargets } from '../../tuf/index.js';
import { checkRootsAreCurrent, stale, type Freshness } from './freshness.js';

type Published = Pick<FactoryPort, 'url' | 'rootChain' | 'allProductionTargets' | 'allWaveTargets'>;

/**
 * Compares what a verified root update builds on with what the Factory publishes right now: both roots, all production
 * targets, and the targets of all active Waves. A document more would be left without a signature that devices want.
 *
 * @throws STALE_BASE naming what has moved on
 */
export async function checkRootFreshness(verified: VerifiedRootDossier, factory: Published): Promise<Freshness> {
  await checkRootsAreCurrent(verified, factory);
  const documents = verified.base.documents;
  compare(
    'production targets',
    documents.filter(({ wave }) => wave === null),
    await factory.allProductionTargets(),
  );
  compare(
    'targets of Wave',
    documents.filter(({ wave }) => wave !== null),
    await factory.allWaveTargets(),
  );
  return { checked: true, factoryUrl: factory.url };
}

function compare(what: string, base: readonly BaseDocument[], published: ReadonlyMap<string, Buffer>): void {
  const left = new Map(base.map((document) => [document.wave ?? document.tag, document]));
  for (const [name, bytes] of published) {
    const { sha256, signed } = parseTargets(bytes);
    const known = left.get(name);
    if (known?.sha256 !== sha256) {
      const words = known === undefined ? 'none' : `version ${known.version}, sha256 ${known.sha256}`;
      throw stale(
        `${what} ${name}: the request builds on ${words}, the Factory has version ${signed.version}, sha256 ${sha256}`,
      );
    }
    left.delete(name);
  }
  const [gone] = left.keys();
  if (gone !== undefined) throw stale(`${what} ${gone}: the request builds on them, the Factory has none`);
}
