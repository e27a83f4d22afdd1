import { existsSync } from 'node:fs';
import type { ApiClient, RootChainsWire } from '../../api/index.js';
import { describeRoot, type Repository, type RootDescription } from '../../factory/index.js';
import type { FactoryPort } from '../../signing/index.js';
import { parseRoot, verifyRootChain, type RootMetadata } from '../../tuf/index.js';
import { CountersignError } from '../../errors.js';
import type { ClientSettings } from '../client-settings.js';
import { factoryClient } from '../factory-client.js';
import { loadPins } from '../trust-file.js';

export interface LoadedRoots extends Readonly<Record<Repository, readonly RootDescription[]>> {
  readonly factory: string;
  /** Who verified the chains: this machine from its own pins and the Factory's answers, or the service. */
  readonly verifiedBy: 'this machine' | 'the service';
}

/**
 * All roots of a Factory. With a trust file and a Factory token of one's own they come from the Factory and are verified here;
 * else they are what the service says.
 *
 * @throws ROOT_NOT_TRUSTED and what verifying a chain throws; FACTORY_…, SERVICE_…
 */
export async function loadRoots(settings: ClientSettings, api: () => ApiClient, factory: string): Promise<LoadedRoots> {
  const mine = settings.factory(factory);
  const pin = existsSync(settings.trustPath) ? loadPins(settings.trustPath).firstRootSha256[factory] : undefined;
  if (mine?.url === undefined || pin === undefined) return fromService(await api().roots(factory));
  const port = factoryClient({ ...mine, url: mine.url });
  const [ci, production] = await Promise.all([
    publishedChain(port, 'ci', pin),
    publishedChain(port, 'production', pin),
  ]);
  return {
    factory,
    ci: ci.map(describeRoot),
    production: production.map(describeRoot),
    verifiedBy: 'this machine',
  };
}

/**
 * The published roots from the pinned one on, verified as a device does that knows only that one.
 *
 * @throws ROOT_NOT_TRUSTED, THRESHOLD_NOT_MET, VERSION_…
 */
export async function publishedChain(
  port: Pick<FactoryPort, 'rootChain'>,
  repository: Repository,
  pin: string,
): Promise<RootMetadata[]> {
  const roots = (await port.rootChain(repository, 1)).map((bytes) => parseRoot(bytes));
  const chain = roots.slice(roots.findIndex(({ sha256 }) => sha256 === pin));
  if (!roots.some(({ sha256 }) => sha256 === pin)) {
    throw new CountersignError(
      'ROOT_NOT_TRUSTED',
      `no ${repository} root that the Factory publishes is the pinned one`,
    );
  }
  verifyRootChain(chain, { trustedSha256: pin });
  return chain;
}

function fromService({ factory, ci, production }: RootChainsWire): LoadedRoots {
  return { factory, ci, production, verifiedBy: 'the service' };
}
