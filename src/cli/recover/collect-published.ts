import type { FactoryPort } from '../../signing/index.js';
import type { Published } from '../../signer/client/index.js';

/**
 * What a Factory publishes and the offline key may have signed: the production targets of each tag and the targets of each active
 * Wave, with the root chains. The signer verifies it; whoever collects it need not be trusted.
 *
 * @param tags that no Wave names any more
 * @param fromRoot version of the pinned first root
 * @throws FACTORY_…
 */
export async function collectPublished(
  port: FactoryPort,
  tags: readonly string[],
  fromRoot: number,
): Promise<Published[]> {
  const texts = async (repository: 'ci' | 'production'): Promise<string[]> =>
    (await port.rootChain(repository, fromRoot)).map((root) => root.toString('utf8'));
  const roots = { ci: await texts('ci'), production: await texts('production') };
  const waves = await port.waves();
  const published: Published[] = [];
  for (const tag of [...new Set([...tags, ...waves.map((wave) => wave.tag)])].sort()) {
    const targets = await port.productionTargets(tag);
    if (targets !== null) published.push({ factory: port.name, tag, metadata: targets.toString('utf8'), roots });
  }
  for (const { name, tag } of waves.filter(({ status }) => status === 'active')) {
    const targets = await port.waveTargets(name);
    if (targets === null) continue;
    published.push({ factory: port.name, tag, wave: name, metadata: targets.toString('utf8'), roots });
  }
  return published;
}
