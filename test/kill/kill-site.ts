import { expect } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { establish, type FirstKey } from '../../scripts/demo/establish.js';
import { createInstallation, writeConfiguration, type Installation } from '../../scripts/demo/installation.js';
import type { Outcome } from '../../scripts/demo/process.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { replaceFile } from '../../src/cli/replace-file.js';
import { openStore } from '../../src/store/index.js';
import type { Store } from '../../src/signing/index.js';
import { type FaultShim, makeFaultShim } from '../shim/fault-shim.js';
import { cli, type CliRun } from '../support/cli.js';
import { eventually } from './eventually.js';
import { createSupervisor } from './supervisor.js';

const MORTAL = fileURLToPath(new URL('mortal.mjs', import.meta.url));

/** The programs that die at their steps; the Factory has none, it is somebody else's. */
export type Mortal = 'service' | 'signer';
type Program = Mortal | 'sandbox';

export interface Kill {
  readonly program: Mortal;
  readonly step: string;
  /** How often the step is passed unharmed before. */
  readonly skip?: number;
  /** Who dies when the program comes to the step; itself unless given. */
  readonly victim?: 'workers';
}

const signerConfigSchema = z.looseObject({
  tokens: z.tuple([z.looseObject({ label: z.string(), module: z.string() })]),
});
const serviceConfigSchema = z.looseObject({ policy: z.array(z.string()) });

/**
 * An installation whose service and signer are real processes that can be told to kill themselves at a step, and are started again when they
 * ended.
 */
export interface KillSite extends Pick<Installation, 'path' | 'factory' | 'ports' | 'countersign'> {
  readonly shim: FaultShim;
  /** The service's database, read beside it. */
  readonly store: Store;
  /** Runs a command as one of the people, again and again as long as what it calls cannot be reached. Fails if it is refused. */
  call(args: readonly string[], as: string): Promise<string>;
  /**
   * Does `work`, in which a program has to die at each of the steps, in their order, and is started again. Fails if it never comes to one.
   */
  killing<T>(kills: readonly Kill[], work: () => Promise<T>): Promise<T>;
  /** Kills a program wherever it is just now. Resolves when it was started again. */
  kill(program: Program): Promise<void>;
  /** How often the program has died so far. */
  deaths(program: Program): number;
  /** Does `work` while the service is stopped, as its operator would. */
  withoutService(work: () => Promise<void>): Promise<void>;
  /** What the operator does when there is a next policy. */
  restartServiceWithPolicies(count: number): Promise<void>;
  signerLog(): string;
  end(): Promise<void>;
}

/** @param keys that the token holds and the Factory's roots name */
export async function openKillSite(keys: readonly FirstKey[]): Promise<KillSite> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-kill-'));
  const installation = await createInstallation(
    folder,
    [
      { name: 'alice', keyType: 'ed25519' },
      { name: 'bob', keyType: 'ecdsa' },
    ],
    MORTAL,
  );
  const { path } = installation;
  await writeConfiguration(installation);
  const shim = putShimBeforeToken(installation);
  allowManyCalls(installation);

  const supervisor = createSupervisor<Program>((program) => installation.start(program));
  const supervised: Installation = { ...installation, start: (program) => supervisor.start(program) };
  const asPerson = (args: readonly string[], as?: string): Promise<CliRun> =>
    cli(args, { home: folder, ...(as === undefined ? {} : { config: path('people', as, 'client.yaml') }) });
  const run = async (args: readonly string[], { as }: { as?: string } = {}): Promise<Outcome> => {
    // what speaks to tokens needs a process, for the sake of the worker that it starts
    const hasWorker = args[0] === 'key' || args[0] === 'signer';
    const outcome = hasWorker ? await installation.countersign(args) : await asPerson(args, as);
    if (outcome.status === EXIT.done) return outcome;
    throw new Error(`countersign ${args.join(' ')} ended with ${outcome.status}:\n${outcome.stderr}`);
  };
  const stopEverything = async (): Promise<void> => {
    await supervisor.stopAll();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await establish(supervised, { step: () => undefined, seen: () => undefined, run }, [], keys);
  } catch (error) {
    await stopEverything();
    throw error;
  }
  const store = await openStore(`sqlite:${path('service', 'countersign.db')}`);

  return {
    path,
    factory: installation.factory,
    ports: installation.ports,
    countersign: installation.countersign,
    shim,
    store,
    async call(args, as) {
      const done = await eventually(`an answer to ${args.join(' ')}`, async (): Promise<CliRun | null> => {
        const tried = await asPerson(args, as);
        if (tried.status !== EXIT.unavailable) return tried;
        await supervisor.settled();
        return null;
      });
      if (done.status === EXIT.done) return done.stdout;
      throw new Error(`countersign ${args.join(' ')} ended with ${done.status}:\n${done.stderr}`);
    },
    async killing(kills, work) {
      const before = supervisor.deaths.length;
      const plan = path('kill.json');
      replaceFile(plan, JSON.stringify(kills), 0o600);
      const result = await work();
      const left = (): string => readFileSync(plan, 'utf8');
      await eventually(
        () => `the steps ${left()}`,
        () => (left() === '[]' ? true : null),
      );
      const planned = kills
        .filter(({ victim }) => victim === undefined)
        .map(({ program }) => ({ program, status: null, signal: 'SIGKILL' }));
      const deaths = await eventually('all planned ends', () => {
        const seen = supervisor.deaths.slice(before);
        return seen.length >= planned.length ? seen : null;
      });
      await supervisor.settled();
      expect(deaths).toEqual(planned);
      return result;
    },
    kill: (program) => supervisor.kill(program),
    deaths: (program) => supervisor.deaths.filter((death) => death.program === program).length,
    async withoutService(work) {
      await supervisor.stop('service');
      await work();
      await supervisor.start('service');
    },
    async restartServiceWithPolicies(count) {
      await supervisor.stop('service');
      editYaml(path('service.yaml'), (value) => ({
        ...serviceConfigSchema.parse(value),
        policy: Array.from({ length: count }, (_, index) =>
          index === 0 ? './policy.json' : `./policy-${index + 1}.json`,
        ),
      }));
      await supervisor.start('service');
    },
    signerLog: () => readFileSync(path('logs', 'signer.log'), 'utf8'),
    async end() {
      await store.close();
      await stopEverything();
    },
  };
}

/** One worker, so that each login has its reason, behind the shim, which counts them. */
function putShimBeforeToken({ path }: Installation): FaultShim {
  const { tokens } = signerConfigSchema.parse(parse(readFileSync(path('signer.yaml'), 'utf8')));
  const [{ label, module }] = tokens;
  const shim = makeFaultShim(path('tokens'), {
    ...{ label, module, workers: 1, signTimeoutMs: 60_000 },
    moduleEnvironment: { SOFTHSM2_CONF: path('tokens', 'softhsm2.conf') },
    pinFile: path('tokens', `${label}.pin`),
  });
  editYaml(path('signer.yaml'), (value) => ({
    ...signerConfigSchema.parse(value),
    tokens: [
      {
        ...tokens[0],
        module: shim.token.module,
        moduleEnvironment: shim.token.moduleEnvironment,
        workers: 1,
        signTimeoutSeconds: 600,
      },
    ],
  }));
  return shim;
}

function allowManyCalls({ path }: Installation): void {
  editYaml(path('service.yaml'), (value) => ({
    ...serviceConfigSchema.parse(value),
    limits: { requestsPerMinute: 100_000 },
  }));
}

function editYaml(file: string, edit: (value: unknown) => object): void {
  writeFileSync(file, stringify(edit(parse(readFileSync(file, 'utf8')))));
}
