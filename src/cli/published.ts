import type { Pins } from '../dossier/index.js';
import { factoryOf, type SignedPolicy } from '../policy/index.js';
import type { FactoryPort } from '../signing/index.js';
import {
  parseRoot,
  parseTargets,
  verifyRootChain,
  verifyTargets,
  type RootMetadata,
  type TargetsMetadata,
} from '../tuf/index.js';

export interface Trusted {
  readonly pins: Pins;
  readonly policy: SignedPolicy;
}

/** What a Factory has published, verified from the pinned root on. Expired documents are given too: how old they are is for the caller. */
export interface Published {
  root(repository: 'ci' | 'production'): Promise<RootMetadata>;
  ciTargets(): Promise<TargetsMetadata>;
  /** Tags for which there ever was a Wave, sorted. */
  tags(): Promise<string[]>;
  /** Null if the tag has none yet. */
  productionTargets(tag: string): Promise<TargetsMetadata | null>;
}

/** Every method throws FACTORY_…, ROOT_NOT_TRUSTED, THRESHOLD_NOT_MET and what parsing throws. */
export function readPublished(port: FactoryPort, { pins, policy }: Trusted): Published {
  const trustedSha256 = pins.firstRootSha256[port.name];
  const published: Published = {
    root: async (repository) => {
      const { version } = factoryOf(policy.policy, port.name).firstRoot;
      const chain = (await port.rootChain(repository, version)).map((bytes) => parseRoot(bytes));
      return verifyRootChain(chain, { trustedSha256 });
    },
    ciTargets: async () => {
      const targets = parseTargets(await port.ciTargets());
      verifyTargets(await published.root('ci'), targets);
      return targets;
    },
    tags: async () => [...new Set((await port.waves()).map(({ tag }) => tag))].sort(),
    productionTargets: async (tag) => {
      const bytes = await port.productionTargets(tag);
      if (bytes === null) return null;
      const targets = parseTargets(bytes);
      verifyTargets(await published.root('production'), targets);
      return targets;
    },
  };
  return published;
}
