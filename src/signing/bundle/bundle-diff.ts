import { requireKind, parseStatement, type BundleStatement } from '../../dossier/index.js';
import { isCountersignError } from '../../errors.js';
import {
  describeBundle,
  findPlaces,
  formatBundle,
  type BundleChange,
  type BundlePlaces,
  type BundleSummary,
} from '../../factory/index.js';
import { parseTargets, type Targets } from '../../tuf/index.js';
import type { Context } from '../context.js';
import { parseServed } from '../fetch-base.js';
import type { FactoryPort } from '../ports.js';
import type { NewRequest } from '../store-port.js';

/** A bundle, with where its Targets are published at the moment; null if the Factory could not be asked. */
export interface BundleDiff {
  readonly summary: BundleSummary & { readonly places: BundlePlaces | null };
  readonly text: string;
}

export function bundleStatementOf({ statement }: Pick<NewRequest, 'statement'>): BundleStatement {
  return requireKind(parseStatement(statement), 'bundle');
}

/** What a stored bundle lets whoever holds it install. */
export async function bundleDiffOf(context: Context, request: NewRequest): Promise<BundleDiff> {
  const [change] = bundleStatementOf(request).changes;
  const targets = parseTargets(await context.store.blobs.get(request.material.productionTargets[0] ?? '')).signed;
  return diffBundleNow(context, request.factory, change, targets);
}

export async function diffBundleNow(
  context: Context,
  factory: string,
  change: BundleChange,
  targets: Targets,
): Promise<BundleDiff> {
  const summary = describeBundle(change, targets);
  const places = await placesNow(context, factory, change, targets);
  return { summary: { ...summary, places }, text: formatBundle(summary, places) };
}

async function placesNow(
  context: Context,
  factory: string,
  change: BundleChange,
  targets: Targets,
): Promise<BundlePlaces | null> {
  try {
    return await fetchPlaces(context.factory(factory), change, targets);
  } catch (error) {
    if (!isCountersignError(error) || !error.code.startsWith('FACTORY_')) throw error;
    context.logger.warn('the Factory could not be asked where the Targets of a bundle are', { factory, error });
    return null;
  }
}

/**
 * Asks a Factory where the Targets of a bundle are published at the moment.
 *
 * @throws FACTORY_…
 */
export async function fetchPlaces(
  port: Pick<FactoryPort, 'productionTargets' | 'waves' | 'waveTargets'>,
  { tag, targets: names }: Pick<BundleChange, 'tag' | 'targets'>,
  beside: Targets,
): Promise<BundlePlaces> {
  const parse = (bytes: Buffer, what: string): Targets => parseServed(parseTargets, bytes, what).signed;
  const [production, active] = await Promise.all([port.productionTargets(tag), port.waves({ tag, status: 'active' })]);
  const waves = await Promise.all(active.map(async ({ name }) => ({ name, bytes: await port.waveTargets(name) })));
  return findPlaces(names, beside, {
    production: production === null ? null : parse(production, `production targets of ${tag}`),
    waves: waves.flatMap(({ name, bytes }) =>
      bytes === null ? [] : [{ name, targets: parse(bytes, `targets of Wave ${name}`) }],
    ),
  });
}
