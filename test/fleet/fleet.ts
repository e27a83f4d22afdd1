import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { createInstallation, firstLine, MAIN, writeConfiguration } from '../../scripts/demo/installation.js';
import type { Installation } from '../../scripts/demo/installation.js';
import { freePort, type Daemon } from '../../scripts/demo/process.js';
import { NAMESPACES } from '../../src/approval/index.js';
import { serializePins, type Pins } from '../../src/dossier/index.js';
import { draftPolicy, serializePolicy, signedPolicy } from '../../src/policy/index.js';
import { formatTime, parseRoot } from '../../src/tuf/index.js';
import { softKey, type SoftKey } from '../support/ssh-forge.js';
import { keep, type Kept } from './keeper.js';
import { workersOf } from './workers.js';

const REPLICAS = 3;
const OFFICERS = ['alice', 'bob', 'carol'] as const;
export type OfficerName = (typeof OFFICERS)[number];

/** Three services over one database, one signer with its workers, one Factory: each a process of its own. */
export interface Fleet {
  readonly pins: Pins;
  /** The Factory, and a token of it that may do everything. */
  readonly factory: { readonly url: string; readonly factory: string; readonly token: string };
  readonly services: readonly { readonly url: string; readonly process: Kept }[];
  readonly signer: Kept;
  readonly journal: string;
  /** Of a CI job that may ask. */
  readonly ciToken: string;
  readonly officers: ReadonlyMap<OfficerName, SoftKey>;
  /** Pids of the worker processes that live now. */
  workers(): number[];
  /** Whether a PIN is on its way to the token right now: its answer is not on record yet. */
  isLoggingIn(): boolean;
  /** The ends of all logs, for whoever has to find out what went wrong. */
  logs(): string;
  /** Which of them ended without having been killed or stopped, and how. */
  endedByThemselves(): string[];
  stop(): Promise<void>;
}

/** Set up by the command line, as an operator would; only the officers' SSH keys are in this process, to be quick. */
export async function createFleet(folder: string, database: string): Promise<Fleet> {
  const site = await createInstallation(folder, []);
  const { path } = site;
  await writeConfiguration(site);
  await site.makeToken();
  const signerConfig = ['--config', path('signer.yaml')];
  await run(site, 'key', 'generate', ...signerConfig, '--factory', site.factory, '--role', 'targets', '--type', 'rsa3072'); // prettier-ignore
  writeFileSync(path('factory', 'offline-keys.json'), await run(site, 'key', 'list', ...signerConfig, '--public'));
  const sandbox = await site.start('sandbox');
  try {
    return await startFleet(site, sandbox, database);
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
}

async function startFleet(site: Installation, sandbox: Daemon, database: string): Promise<Fleet> {
  const { path } = site;
  const signerConfig = ['--config', path('signer.yaml')];
  const url = `http://127.0.0.1:${site.ports.factory}`;
  const factory = { url, factory: site.factory, token: firstLine(path('service', 'factory.token')) };
  const officers = new Map(OFFICERS.map((person) => [person, softKey('ssh-ed25519')]));
  const pins = await writePolicy(site, factory, officers);
  await run(site, 'signer', 'init', ...signerConfig, '--policy', path('policy.json'), '--trust', path('service', 'trust.json')); // prettier-ignore
  const replicas = await writeReplicas(site, database);
  const ciTokenFile = path('people', 'ci', 'countersign.token');
  await run(site, 'token', 'create', '--config', replicas[0]?.config ?? '', '--name', 'ci', '--out', ciTokenFile);

  const keepProgram = (name: string, ...args: string[]): Kept =>
    keep(name, [MAIN, ...args], {
      env: { PATH: process.env['PATH'], HOME: site.folder },
      logFile: path('logs', `${name}.log`),
    });
  const signer = keepProgram('signer', 'signer', 'run', ...signerConfig);
  const services = replicas.map(({ name, config, url: address }) => ({
    url: address,
    process: keepProgram(name, 'serve', '--config', config),
  }));
  const kept = [...services.map(({ process: service }) => service), signer];
  const pinRecords = path('signer', 'state', 'pins');
  return {
    pins,
    factory,
    services,
    signer,
    journal: path('signer', 'state', 'journal.jsonl'),
    ciToken: firstLine(ciTokenFile),
    officers,
    workers: () => workersOf(signer.pid()),
    isLoggingIn: () => readdirSync(pinRecords).some((record) => record.endsWith('.trying')),
    logs: () =>
      readdirSync(path('logs'))
        .map((log) => `--- ${log}\n${readFileSync(path('logs', log), 'utf8').slice(-8000)}`)
        .join('\n'),
    endedByThemselves: () => kept.flatMap(({ name, unasked }) => unasked.map((how) => `${name}: ${how}`)),
    stop: async () => {
      await Promise.all(kept.map((program) => program.stop()));
      await sandbox.stop();
    },
  };
}

async function run(site: Installation, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await site.countersign(args);
  if (status === 0) return stdout;
  throw new Error(`countersign ${args.join(' ')} ended with ${String(status)}:\n${stderr}`);
}

/** A policy that all officers signed, and the pins of whoever trusts it. */
async function writePolicy(
  { path, token }: Installation,
  factory: Fleet['factory'],
  officers: ReadonlyMap<OfficerName, SoftKey>,
): Promise<Pins> {
  const answer = await fetch(`${factory.url}/ota/repo/${factory.factory}/api/v1/user_repo/1.root.json`, {
    headers: { 'osf-token': factory.token },
  });
  const { sha256 } = parseRoot(Buffer.from(await answer.arrayBuffer()));
  const rule = { quorum: 2, maxExpiresDays: 400, singleOfficer: false };
  const policy = draftPolicy({
    version: 1,
    created: formatTime(new Date()),
    previous: null,
    officers: [...officers].map(([person, { line }]) => ({ person, keys: [line] })),
    kinds: { wave: rule, policy: rule },
    factories: [
      {
        name: factory.factory,
        url: factory.url,
        firstRoot: { version: 1, sha256 },
        tokens: [{ label: token, serial: null, roles: ['targets'] }],
      },
    ],
  });
  const { text } = signedPolicy(policy);
  const signatures = [...officers].map(([person, key]) => ({ person, sshsig: key.sign(NAMESPACES.policy, text) }));
  const signed = signedPolicy(policy, signatures);
  writeFileSync(path('policy.json'), serializePolicy(signed));
  const pins = { policySha256: signed.sha256, firstRootSha256: { [factory.factory]: sha256 } };
  writeFileSync(path('service', 'trust.json'), serializePins(pins));
  return pins;
}

/** The service's configuration, once for each replica: they differ in their port alone, and none has the one that metrics have. */
async function writeReplicas(
  { path }: Installation,
  database: string,
): Promise<{ name: string; config: string; url: string }[]> {
  const common = parse(readFileSync(path('service.yaml'), 'utf8')) as Record<string, unknown>;
  const replicas = [];
  for (let number = 1; number <= REPLICAS; number += 1) {
    const name = `service-${number}`;
    const port = await freePort();
    const config = path(`${name}.yaml`);
    const limits = { requestsPerMinute: 100_000 }; // all clients of this test have one address
    writeFileSync(
      config,
      stringify({ ...common, metrics: undefined, database, limits, listen: { host: '127.0.0.1', port } }),
    );
    replicas.push({ name, config, url: `http://127.0.0.1:${port}` });
  }
  return replicas;
}
