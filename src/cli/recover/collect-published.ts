import type { FactoryPort } from '../../signing/index.js';
import type { Published, PublishedRoots } from '../../signer/client/index.js';

/**
 * What a Factory publishes and keys of ours may have signed: both root chains, all production targets and the targets of all active
 * Waves. The signer verifies it; whoever collects it need not be trusted.
 *
 * @param fromRoot version of the pinned first root
 * @returns the root chains first
 * @throws FACTORY_…
 */
export async function collectPublished(
  port: FactoryPort,
  fromRoot: number,
): Promise<readonly (Published | PublishedRoots)[]> {
  const factory = port.name;
  const chain = async (repository: 'ci' | 'production'): Promise<string[]> =>
    (await port.rootChain(repository, fromRoot)).map((root) => root.toString('utf8'));
  const roots: PublishedRoots = { factory, roots: { ci: await chain('ci'), production: await chain('production') } };
  const tags = await port.allProductionTargets();
  const active = await port.waves({ status: 'active' });
  const ofWaves = await port.allWaveTargets();
  return [
    roots,
    ...Array.from(tags, ([tag, targets]): Published => ({ factory, tag, metadata: targets.toString('utf8') })),
    ...active.flatMap(({ name, tag }): Published[] => {
      const targets = ofWaves.get(name);
      return targets === undefined ? [] : [{ factory, tag, wave: name, metadata: targets.toString('utf8') }];
    }),
  ];
}
