import { CountersignError, isCountersignError } from '../errors.js';
import type { Pins } from '../dossier/index.js';
import { requireRootOf, type Repository } from '../factory/index.js';
import type { PolicyFactory } from '../policy/index.js';
import {
  parseRoot,
  parseTargets,
  verifyRootChain,
  verifyTargets,
  type RootMetadata,
  type TargetsMetadata,
} from '../tuf/index.js';
import type { FactoryPort } from './ports.js';

/** A document as it was served, and parsed. */
export interface Fetched<T> {
  readonly bytes: Buffer;
  readonly metadata: T;
}

export interface FetchedChain {
  /** Ascending from the pinned first root. */
  readonly bytes: readonly Buffer[];
  readonly last: RootMetadata;
}

/** What requests of every kind build on, fetched from the Factory and verified from the pinned root on. */
export interface FetchedTrust {
  readonly roots: Readonly<Record<Repository, FetchedChain>>;
  readonly ciTargets: Fetched<TargetsMetadata>;
  /** Keys that signed the CI targets: those that the Factory itself holds. */
  readonly onlineKeyids: readonly string[];
}

/** What a Wave builds on, the same way. */
export interface FetchedBase extends FetchedTrust {
  readonly productionTargets: Fetched<TargetsMetadata> | null;
}

/**
 * Fetches what a Wave for `tag` builds on and verifies it as `verifyDossier` will.
 *
 * @throws FACTORY_…, ROOT_NOT_TRUSTED, THRESHOLD_NOT_MET, METADATA_EXPIRED, VERSION_…
 */
export async function fetchBase(
  port: FactoryPort,
  factory: PolicyFactory,
  pins: Pins,
  tag: string,
  now: Date,
): Promise<FetchedBase> {
  const [trust, productionBytes] = await Promise.all([
    fetchTrust(port, factory, pins, now),
    port.productionTargets(tag),
  ]);
  if (productionBytes === null) return { ...trust, productionTargets: null };
  const metadata = parseServed(parseTargets, productionBytes, `production targets of ${tag}`);
  // Not judged by the clock: production targets that have expired are just what a Wave is to replace.
  verifyTargets(trust.roots.production.last, metadata);
  return { ...trust, productionTargets: { bytes: productionBytes, metadata } };
}

/**
 * Fetches both root chains and the CI targets, and verifies them.
 *
 * @throws FACTORY_…, ROOT_NOT_TRUSTED, THRESHOLD_NOT_MET, METADATA_EXPIRED, VERSION_…
 */
export async function fetchTrust(
  port: FactoryPort,
  factory: PolicyFactory,
  pins: Pins,
  now: Date,
): Promise<FetchedTrust> {
  const [ci, production, bytes] = await Promise.all([
    fetchRootChain(port, 'ci', factory, pins, now),
    fetchRootChain(port, 'production', factory, pins, now),
    port.ciTargets(),
  ]);
  const metadata = parseServed(parseTargets, bytes, 'CI targets');
  const { signed: onlineKeyids } = verifyTargets(ci.last, metadata, { now });
  return { roots: { ci, production }, ciTargets: { bytes, metadata }, onlineKeyids };
}

/**
 * The whole root chain of a repository, from the policy's first root on, as a device would take it.
 *
 * @throws FACTORY_…, ROOT_NOT_TRUSTED, THRESHOLD_NOT_MET, METADATA_EXPIRED, VERSION_…
 */
export async function fetchRootChain(
  port: FactoryPort,
  repository: Repository,
  factory: PolicyFactory,
  pins: Pins,
  now: Date,
): Promise<FetchedChain> {
  const trustedSha256 = pins.firstRootSha256[factory.name];
  if (trustedSha256 === undefined) {
    throw new CountersignError('PINS_MISSING', `no first root is pinned for the Factory ${factory.name}`, {
      hint: 'Pin it with countersign trust.',
      details: { factory: factory.name },
    });
  }
  const bytes = await port.rootChain(repository, factory.firstRoot.version);
  const chain = bytes.map((root) => parseServed(parseRoot, root, `${repository} root`));
  const last = verifyRootChain(chain, { trustedSha256, now });
  for (const { signed } of chain) requireRootOf(repository, signed);
  return { bytes, last };
}

/**
 * Parses what a Factory served.
 *
 * @throws FACTORY_ANSWER_INVALID with the parser's refusal as its cause: what it served is no document
 */
export function parseServed<T>(parse: (bytes: Buffer) => T, bytes: Buffer, what: string): T {
  try {
    return parse(bytes);
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    throw new CountersignError('FACTORY_ANSWER_INVALID', `the Factory's ${what} cannot be read: ${error.message}`, {
      cause: error,
      ...(error.pointer === undefined ? {} : { pointer: error.pointer }),
      details: { reason: error.code },
    });
  }
}
