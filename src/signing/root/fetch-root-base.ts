import { CountersignError } from '../../errors.js';
import type { Pins } from '../../dossier/index.js';
import type { RootBase, TargetsDocument } from '../../factory/index.js';
import type { PolicyFactory } from '../../policy/index.js';
import { parseTargets } from '../../tuf/index.js';
import { fetchTrust, parseServed, type FetchedTrust } from '../fetch-base.js';
import type { FactoryPort } from '../ports.js';

/** A targets document as it was served; parsed when it is looked at, one at a time. */
export interface ServedTargets {
  readonly tag: string;
  /** Null for the tag's production targets. */
  readonly wave: string | null;
  readonly bytes: Buffer;
}

/** What a root update builds on. */
export interface FetchedRootBase extends Pick<FetchedTrust, 'roots' | 'ciTargets'> {
  readonly root: RootBase;
  /** All production targets, ascending by tag; then those of all active Waves, ascending by Wave. */
  readonly served: readonly ServedTargets[];
}

/** @throws FACTORY_…, ROOT_NOT_TRUSTED, ROOT_ONLINE_KEY, THRESHOLD_NOT_MET, METADATA_EXPIRED, VERSION_… */
export async function fetchRootBase(
  port: FactoryPort,
  factory: PolicyFactory,
  pins: Pins,
  now: Date,
): Promise<FetchedRootBase> {
  const [{ roots, ciTargets, onlineKeyids }, served] = await Promise.all([
    fetchTrust(port, factory, pins, now),
    fetchServedTargets(port),
  ]);
  const [onlineTargetsKeyid, ...others] = onlineKeyids;
  if (onlineTargetsKeyid === undefined || others.length > 0) {
    throw new CountersignError('ROOT_ONLINE_KEY', 'the CI targets are not signed by one key, the Factory’s own');
  }
  const root = { ci: roots.ci.last.signed, production: roots.production.last.signed, onlineTargetsKeyid };
  return { roots, ciTargets, root, served };
}

/** @throws FACTORY_… */
export async function fetchServedTargets(port: FactoryPort): Promise<ServedTargets[]> {
  const [production, waves, active] = await Promise.all([
    port.allProductionTargets(),
    port.allWaveTargets(),
    port.waves({ status: 'active' }),
  ]);
  const tagOf = (wave: string): string => {
    const tag = active.find(({ name }) => name === wave)?.tag;
    if (tag !== undefined) return tag;
    throw new CountersignError('FACTORY_ANSWER_INVALID', `the Factory shows targets of Wave ${wave} and not the Wave`, {
      details: { wave },
    });
  };
  const sorted = (documents: ReadonlyMap<string, Buffer>) => [...documents].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...sorted(production).map(([tag, bytes]) => ({ tag, wave: null, bytes })),
    ...sorted(waves).map(([wave, bytes]) => ({ tag: tagOf(wave), wave, bytes })),
  ];
}

/** @throws FACTORY_ANSWER_INVALID one cannot be read */
export function* parseServedTargets(served: Iterable<ServedTargets>): Generator<TargetsDocument> {
  for (const { tag, wave, bytes } of served) {
    const what = wave === null ? `production targets of ${tag}` : `targets of Wave ${wave}`;
    yield { tag, wave, metadata: parseServed(parseTargets, bytes, what) };
  }
}
