import { CountersignError } from '../../src/errors.js';
import type { FactoryPort, WaveInfo, WaveToCreate } from '../../src/signing/index.js';
import {
  checkThreshold,
  parseTargets,
  serializeMetadata,
  type RootMetadata,
  type TargetsMetadata,
} from '../../src/tuf/index.js';
import { metadataText, type Fixture } from '../support/factory-fixture.js';
import { noRootUpdate } from '../support/no-root-update.js';

interface MemoryWave {
  readonly name: string;
  readonly version: number;
  readonly tag: string;
  status: 'active' | 'complete' | 'canceled';
  readonly metadata: Buffer;
}

/** How a call goes wrong: before the Factory did anything, or after it did it all. */
export interface Fault {
  readonly when: 'before' | 'after';
  readonly error: CountersignError;
}

/** A Factory in memory that judges a Wave as the server does, and puts its online signature to it. */
export interface MemoryFactory extends FactoryPort {
  readonly waveList: MemoryWave[];
  roots: Record<'ci' | 'production', RootMetadata[]>;
  ciTargetsText: string;
  production: Map<string, TargetsMetadata>;
  applying: boolean;
  /** Withholds the online signature. */
  withoutOnlineSignature: boolean;
  /** Names of the calls made so far. */
  readonly calls: string[];
  /** The next calls of that name go wrong, one fault each. */
  fail(call: keyof FactoryPort, ...faults: Fault[]): void;
  waitingFaults(): number;
}

export function unavailable(): CountersignError {
  return new CountersignError('FACTORY_UNAVAILABLE', 'no whole answer');
}

export function refused(status: number, message = 'refused'): CountersignError {
  return new CountersignError('FACTORY_REFUSED', message, { details: { status } });
}

export function createMemoryFactory(fixture: Fixture): MemoryFactory {
  const faults = new Map<string, Fault[]>();
  const calls: string[] = [];
  const waveList: MemoryWave[] = [];

  async function call<T>(name: string, work: () => T): Promise<T> {
    calls.push(name);
    const fault = faults.get(name)?.shift();
    await Promise.resolve();
    if (fault?.when === 'before') throw fault.error;
    const result = work();
    if (fault?.when === 'after') throw fault.error;
    return result;
  }

  const find = (name: string) => waveList.find((wave) => wave.name === name);
  const info = ({ name, version, tag, status }: MemoryWave): WaveInfo => ({ name, version, tag, status, raw: {} });

  function create({ name, version, tag, metadata }: WaveToCreate): void {
    if (find(name) !== undefined) throw refused(409, `Wave ${name} exists`);
    if (waveList.some((wave) => wave.tag === tag && wave.status === 'active')) throw refused(409, 'a Wave is active');
    const targets = parseTargets(metadata);
    const root = factory.roots.production.at(-1)?.signed;
    if (root === undefined) throw refused(400, 'no root');
    // One signature is to come: the Factory's own.
    if (checkThreshold(targets, root, 'targets').missing > 1) throw refused(400, 'not enough offline signatures');
    const production = factory.production.get(tag);
    if (targets.signed.version !== version || version <= (production?.signed.version ?? 0)) throw refused(400);
    const { signedBytes } = targets;
    const online = factory.withoutOnlineSignature ? [] : [fixture.keys.online.sign(signedBytes)];
    const published = serializeMetadata({ signatures: [...targets.signatures, ...online], signedBytes });
    waveList.push({ name, version, tag, status: 'active', metadata: published });
  }

  const factory: MemoryFactory = {
    name: fixture.factory,
    url: 'https://api.example',
    ...noRootUpdate(),
    waveList,
    roots: { ci: [...fixture.roots.ci], production: [...fixture.roots.production] },
    ciTargetsText: metadataText(fixture.ciTargets),
    production: new Map(fixture.productionTargets === null ? [] : [[fixture.tag, fixture.productionTargets]]),
    applying: false,
    withoutOnlineSignature: false,
    calls,
    fail: (name, ...more) => {
      faults.set(name, [...(faults.get(name) ?? []), ...more]);
    },
    waitingFaults: () => [...faults.values()].flat().length,
    rootChain: (repository, fromVersion) =>
      call('rootChain', () =>
        factory.roots[repository]
          .filter(({ signed }) => signed.version >= fromVersion)
          .map((root) => Buffer.from(metadataText(root))),
      ),
    ciTargets: () => call('ciTargets', () => Buffer.from(factory.ciTargetsText)),
    productionTargets: (tag) =>
      call('productionTargets', () => {
        const targets = factory.production.get(tag);
        return targets === undefined ? null : Buffer.from(metadataText(targets));
      }),
    waveTargets: (name) =>
      call('waveTargets', () => {
        const wave = find(name);
        return wave?.status === 'active' ? wave.metadata : null;
      }),
    wave: (name) =>
      call('wave', () => {
        const wave = find(name);
        return wave === undefined ? null : info(wave);
      }),
    waves: ({ tag, status } = {}) =>
      call('waves', () =>
        waveList
          .filter((wave) => (tag === undefined || wave.tag === tag) && (status === undefined || wave.status === status))
          .map(info),
      ),
    createWave: (wave) => call('createWave', () => create(wave)),
    onlineTargetsKey: () => call('onlineTargetsKey', () => fixture.keys.online.key),
    self: () => call('self', () => ({ polisId: 'p1', name: 'service', role: 'admin', scopes: [] })),
    selfOf: (token) => call('selfOf', () => ({ polisId: `of ${token}`, name: token, role: 'member', scopes: [] })),
    cancelWave: (name) =>
      call('cancelWave', () => {
        const wave = find(name);
        if (wave !== undefined) wave.status = 'canceled';
      }),
    completeWave: (name) =>
      call('completeWave', () => {
        const wave = find(name);
        if (wave === undefined) return;
        wave.status = 'complete';
        factory.production.set(wave.tag, parseTargets(wave.metadata));
      }),
    rolloutWave: () => call('rolloutWave', () => ({})),
    rootUpdateApplying: () => call('rootUpdateApplying', () => factory.applying),
  };
  return factory;
}
