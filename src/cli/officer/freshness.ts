import { requireKind, type VerifiedDossier, type VerifiedWaveDossier } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import type { BundlePlaces, Repository } from '../../factory/index.js';
import type { FactoryPort } from '../../signing/index.js';
import { parseRoot, parseTargets } from '../../tuf/index.js';

/** Whether the officer's machine could ask the Factory itself. Where it could, the base is current, or an error was thrown. */
export type Freshness =
  | { readonly checked: false }
  | {
      readonly checked: true;
      readonly factoryUrl: string;
      /** Of a bundle: where its Targets are published. */
      readonly places?: BundlePlaces;
    };

type Published = Pick<FactoryPort, 'url' | 'rootChain' | 'productionTargets' | 'waves' | 'waveTargets'>;

/**
 * Compares what a verified dossier builds on with what the Factory publishes right now.
 *
 * @throws STALE_BASE naming what has moved on
 */
export async function checkFreshness(dossier: VerifiedDossier, factory: Published): Promise<Freshness> {
  const verified = requireKind(dossier, 'wave');
  await checkRootsAreCurrent(verified, factory);
  await checkProductionTargets(verified, factory);
  await checkSuperseded(verified, factory);
  return { checked: true, factoryUrl: factory.url };
}

/** @throws STALE_BASE */
export async function checkRootsAreCurrent(
  verified: Pick<VerifiedDossier, 'roots'>,
  factory: Pick<FactoryPort, 'rootChain'>,
): Promise<void> {
  for (const repository of ['ci', 'production'] as const) await checkRoot(verified, factory, repository);
}

async function checkRoot(
  verified: Pick<VerifiedDossier, 'roots'>,
  factory: Pick<FactoryPort, 'rootChain'>,
  repository: Repository,
): Promise<void> {
  const base = verified.roots[repository];
  const newest = (await factory.rootChain(repository, base.signed.version)).at(-1);
  const current = newest === undefined ? undefined : parseRoot(newest);
  if (current?.sha256 === base.sha256) return;
  throw stale(
    `the request builds on ${repository} root ${base.signed.version}; the Factory has ${
      current === undefined ? 'none of that version' : `version ${current.signed.version}, sha256 ${current.sha256}`
    }`,
  );
}

async function checkProductionTargets(verified: VerifiedWaveDossier, factory: Published): Promise<void> {
  const { tag } = verified.wave;
  const base = verified.base.productionTargets;
  const published = await factory.productionTargets(tag);
  const current = published === null ? null : parseTargets(published);
  if ((current?.sha256 ?? null) === (base?.sha256 ?? null)) return;
  const words = (targets: typeof current): string =>
    targets === null ? 'none' : `version ${targets.signed.version}, sha256 ${targets.sha256}`;
  throw stale(
    `production targets of tag ${tag}: the request builds on ${words(base)}, the Factory has ${words(current)}`,
  );
}

/** What a statement says it supersedes must not be out: devices that took it would never take other bytes of that version. */
async function checkSuperseded(verified: VerifiedWaveDossier, factory: Published): Promise<void> {
  const superseded = verified.statement.supersedes?.documents ?? [];
  if (superseded.length === 0) return;
  for (const { name } of await factory.waves({ tag: verified.wave.tag, status: 'active' })) {
    const targets = await factory.waveTargets(name);
    if (targets === null || !superseded.includes(parseTargets(targets).sha256)) continue;
    throw stale(`the request would supersede a document that is active as Wave ${name}`);
  }
}

export function stale(message: string): CountersignError {
  return new CountersignError('STALE_BASE', message, {
    hint: 'do not approve it; cancel the request and ask for it again',
  });
}
