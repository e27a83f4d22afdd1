import { CountersignError } from '../errors.js';
import { parseStatement } from '../dossier/index.js';
import { parseRoot, parseTargets } from '../tuf/index.js';
import { parseServed } from './fetch-base.js';
import type { FactoryPort } from './ports.js';
import type { StoredRequest } from './store-port.js';

/**
 * Whether the Factory still is where the request's statement began: the same newest roots and the same production
 * targets of the tag. (CI targets move on with every build; what the Wave took from them stays true.)
 *
 * @returns STALE_BASE, not thrown, if it moved on
 * @throws FACTORY_…
 */
export async function checkFresh(port: FactoryPort, request: StoredRequest): Promise<CountersignError | null> {
  const { base } = parseStatement(request.statement);
  const tag = request.wave?.tag ?? '';
  const [staleRoot, productionTargets] = await Promise.all([
    checkRootsFresh(port, request),
    port.productionTargets(tag),
  ]);
  if (staleRoot !== null) return staleRoot;
  const digest =
    productionTargets === null
      ? null
      : parseServed(parseTargets, productionTargets, `production targets of ${tag}`).sha256;
  if (digest !== (base.targets[tag]?.sha256 ?? null)) return stale(`the production targets of ${tag}`, request);
  return null;
}

/**
 * The same of the roots alone.
 *
 * @throws FACTORY_…
 */
export async function checkRootsFresh(port: FactoryPort, request: StoredRequest): Promise<CountersignError | null> {
  const { base } = parseStatement(request.statement);
  const [ci, production] = await Promise.all([
    port.rootChain('ci', base.root.version),
    port.rootChain('production', base.root.version),
  ]);
  for (const [repository, chain] of [
    ['ci', ci],
    ['production', production],
  ] as const) {
    const newest = chain.at(-1);
    const digest = newest === undefined ? null : parseServed(parseRoot, newest, `${repository} root`).sha256;
    if (digest !== base.root[repository]) return stale(`the ${repository} root`, request);
  }
  return null;
}

function stale(what: string, request: StoredRequest): CountersignError {
  return new CountersignError('STALE_BASE', `${what} changed at the Factory since this was asked for`, {
    hint: 'Ask for it again: officers have to see what it changes now.',
    details: { request: request.id },
  });
}
