/** The signing service over a real SQLite file and the sandbox's HTTP API, by the real client; the signer verifies and signs in memory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FoundriesClientOptions } from '../../src/foundries/index.js';
import { createSigningService, type SigningService, type Store } from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { createLogger, type Logger } from '../../src/telemetry/index.js';
import { parseRoot } from '../../src/tuf/index.js';
import { createVerifyingSigner, type VerifyingSigner } from '../signing/verifying-signer.js';
import { ci, person } from '../signing/world.js';
import { createFixture, type Fixture } from './factory-fixture.js';
import { FACTORY, startTestSandbox, type TestSandbox } from './sandbox.js';

export interface SandboxService {
  readonly sandbox: TestSandbox;
  readonly fixture: Fixture;
  readonly signer: VerifyingSigner;
  readonly store: Store;
  readonly service: SigningService;
  ask(name: string, version: number, more?: { prune?: readonly number[]; tag?: string }): Promise<string>;
  approve(id: string): Promise<void>;
  close(): Promise<void>;
}

/** @param clientOf options of the service's client of the sandbox */
export async function openSandboxService(
  clientOf: (sandbox: TestSandbox) => Partial<FoundriesClientOptions> | Promise<Partial<FoundriesClientOptions>>,
  logger: Logger = createLogger({ level: 'error', style: 'text', program: 'test' }),
): Promise<SandboxService> {
  const sandbox = await startTestSandbox();
  const [first] = await sandbox.client('bob').rootChain('production', 1);
  const firstRoot = { version: 1, sha256: parseRoot(first ?? Buffer.alloc(0)).sha256 };
  const made = createFixture({
    factory: FACTORY,
    now: sandbox.clock.time,
    changePolicy: (policy) => ({
      ...policy,
      factories: policy.factories.map((factory) => ({ ...factory, url: sandbox.url, firstRoot })),
    }),
  });
  const pins = { ...made.pins, firstRootSha256: { [FACTORY]: firstRoot.sha256 } };
  const fixture = { ...made, pins, keys: { ...made.keys, offline: sandbox.offline } };
  const directory = await mkdtemp(join(tmpdir(), 'countersign-signing-'));
  const store = await openStore(`sqlite:${join(directory, 'service.db')}`);
  const signer = createVerifyingSigner(fixture, sandbox.clock);
  const service = createSigningService({
    ...{ store, signer, pins, logger },
    factories: new Map([[FACTORY, sandbox.client('bob', await clientOf(sandbox))]]),
    policies: [fixture.policy],
    clock: sandbox.clock,
  });
  return {
    ...{ sandbox, fixture, signer, store, service },
    ask: async (name, version, { prune = [], tag = 'production' } = {}) => {
      const wanted = { factory: FACTORY, name, version, tag, prune, reason: 'a release' };
      return (await service.submitWave(wanted, ci)).request.id;
    },
    approve: async (id) => {
      for (const officer of ['alice', 'bob']) {
        const sshsig = fixture.approve(officer, await service.statement(id));
        await service.approve(id, { sshsig }, person(officer));
      }
    },
    close: async () => {
      await store.close();
      await sandbox.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
