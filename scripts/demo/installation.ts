import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { createSignerClient } from '../../src/signer/client/index.js';
import { freePort, runProgram, startDaemon, type Daemon, type Outcome } from './process.js';

/** The command line, as it was built. */
export const MAIN = resolve(import.meta.dirname, '../../dist/main.js');
const MAKE_TOKEN = resolve(import.meta.dirname, '../../softhsm/make-token.mjs');
const SOFTHSM_MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];

export interface Officer {
  readonly name: string;
  /** As ssh-keygen takes it: `ed25519`, `ecdsa`, `rsa`. */
  readonly keyType: string;
}

/**
 * How the Factory stands when Countersign comes to it: its roots name the targets key of the token already (`named`), or it is
 * as a Factory is made, and keys for root and targets wait in two tokens (`new`).
 */
export type Beginning = 'named' | 'new';

/**
 * A whole Countersign installation below one folder, set up and run the way an operator would: by the command line and
 * configuration files only. The demo shows it, the end-to-end tests drive it.
 */
export interface Installation {
  readonly folder: string;
  readonly factory: string;
  /** The token of the targets key. */
  readonly token: string;
  /** All of them, each with a PIN of its own. */
  readonly tokens: readonly string[];
  readonly beginning: Beginning;
  readonly officers: readonly Officer[];
  readonly path: (...parts: string[]) => string;
  /** Runs the command line as one of the people (their client configuration), or as nobody. */
  readonly countersign: (args: readonly string[], options?: { as?: string; input?: string }) => Promise<Outcome>;
  readonly ports: Readonly<Record<'factory' | 'service' | 'gateway' | 'metrics', number>>;
  /** Makes the SoftHSM tokens, or others of these labels, as an operator with hardware tokens would with their vendor's tool. */
  readonly makeToken: (labels?: readonly string[]) => Promise<void>;
  readonly start: (program: 'sandbox' | 'signer' | 'service') => Promise<Daemon>;
}

/** @param main what stands for `countersign`; the built one unless given */
export async function createInstallation(
  folder: string,
  officers: readonly Officer[],
  main = MAIN,
  beginning: Beginning = 'named',
): Promise<Installation> {
  const path = (...parts: string[]): string => join(folder, ...parts);
  for (const part of ['', 'tokens', 'signer', 'service', 'factory', 'people', 'logs', 'evidence']) {
    mkdirSync(path(part), { recursive: true, mode: 0o700 });
  }
  const installation: Installation = {
    folder,
    factory: 'acme',
    token: 'acme-targets',
    tokens: beginning === 'new' ? ['acme-root', 'acme-targets'] : ['acme-targets'],
    beginning,
    officers,
    path,
    ports: {
      factory: await freePort(),
      service: await freePort(),
      gateway: await freePort(),
      metrics: await freePort(),
    },
    countersign: async (args, { as, input } = {}) =>
      await runProgram(process.execPath, [main, ...args], {
        env: environmentOf(as),
        ...(input === undefined ? {} : { input }),
      }),
    makeToken: async (labels = installation.tokens) => {
      for (const label of labels) {
        const made = await runProgram(process.execPath, [MAKE_TOKEN, '--dir', path('tokens'), '--label', label]);
        if (made.status !== 0) throw new Error(made.stderr);
      }
    },
    start: async (program) =>
      await startDaemon(program, process.execPath, [main, ...argumentsOf(program)], {
        env: environmentOf(undefined),
        logFile: path('logs', `${program}.log`),
        ready: async () => await isReady(program),
      }),
  };
  return installation;

  function environmentOf(person: string | undefined): NodeJS.ProcessEnv {
    const { PATH, LANG, TMPDIR, SSH_AUTH_SOCK } = process.env;
    return {
      PATH,
      LANG,
      TMPDIR,
      SSH_AUTH_SOCK,
      HOME: folder,
      ...(person === undefined ? {} : { COUNTERSIGN_CONFIG: path('people', person, 'client.yaml') }),
    };
  }

  function argumentsOf(program: 'sandbox' | 'signer' | 'service'): string[] {
    const { factory, ports } = installation;
    switch (program) {
      case 'sandbox':
        return [
          'sandbox', '--factory', factory, '--port', String(ports.factory), '--state', path('factory', 'state'),
          '--people', path('factory', 'people.json'),
          ...(beginning === 'new' ? [] : ['--offline-keys', path('factory', 'offline-keys.json')]),
        ]; // prettier-ignore
      case 'signer':
        return ['signer', 'run', '--config', path('signer.yaml')];
      case 'service':
        return ['serve', '--config', path('service.yaml')];
    }
  }

  async function isReady(program: 'sandbox' | 'signer' | 'service'): Promise<boolean> {
    const { factory, ports } = installation;
    switch (program) {
      case 'sandbox':
        return (
          (await fetch(`http://127.0.0.1:${ports.factory}/ota/repo/${factory}/api/v1/user_repo/1.root.json`)).status <
          500
        );
      case 'signer':
        // one that was killed leaves its socket behind: somebody has to answer
        await createSignerClient({ socketPath: path('signer', 'signer.sock') }).status();
        return true;
      case 'service':
        return (await fetch(`http://127.0.0.1:${ports.service}/healthz`)).ok;
    }
  }
}

/** Configuration files, PINs, SSH keys and Factory tokens: all that exists before the first command is typed. */
export async function writeConfiguration(installation: Installation): Promise<void> {
  const { path, ports, factory, tokens, beginning } = installation;
  const factoryTokens = new Map<string, string>();
  const operators = beginning === 'new' ? ['operator'] : [];
  for (const person of [
    'service',
    'ci',
    'auditor',
    ...operators,
    ...installation.officers.map((officer) => officer.name),
  ]) {
    factoryTokens.set(person, randomBytes(20).toString('hex'));
  }
  const url = `http://127.0.0.1:${ports.factory}`;
  writeSecret(
    path('factory', 'people.json'),
    JSON.stringify({
      people: [...factoryTokens].map(([name, bearer]) => ({
        name,
        role: name === 'service' ? 'admin' : 'member',
        token: bearer,
        scopes: ['service', 'alice', ...operators].includes(name)
          ? ['targets:read-update', 'devices:read-update']
          : ['targets:read'],
      })),
    }),
  );
  writeYaml(path('signer.yaml'), {
    stateDir: './signer/state',
    socket: './signer/signer.sock',
    tokens: tokens.map((label) => ({
      label,
      module: softhsmModule(),
      moduleEnvironment: { SOFTHSM2_CONF: './tokens/softhsm2.conf' },
      pinFile: `./tokens/${label}.pin`,
      workers: label === installation.token ? 2 : 1,
    })),
    log: { level: 'info', style: 'text' },
  });
  writeSecret(path('service', 'factory.token'), factoryTokens.get('service') ?? '');
  writeYaml(path('service.yaml'), {
    listen: { host: '127.0.0.1', port: ports.service },
    database: 'sqlite:./service/countersign.db',
    signer: { socket: './signer/signer.sock' },
    policy: ['./policy.json'],
    trust: './service/trust.json',
    factories: { [factory]: { tokenFile: './service/factory.token' } },
    ...(beginning === 'new' ? { gateway: { listen: { port: ports.gateway } } } : {}),
    metrics: { listen: { port: ports.metrics } },
    log: { level: 'info', style: 'text' },
  });
  for (const [person, bearer] of factoryTokens) {
    if (person === 'service') continue;
    const officer = installation.officers.find((candidate) => candidate.name === person);
    mkdirSync(path('people', person), { recursive: true, mode: 0o700 });
    writeSecret(path('people', person, 'factory.token'), bearer);
    writeYaml(path('people', person, 'client.yaml'), {
      service: `http://127.0.0.1:${ports.service}`,
      factories: { [factory]: { url, tokenFile: './factory.token' } },
      ...(officer === undefined ? {} : { sshKey: './id' }),
      ...(person === 'ci' || operators.includes(person) ? { tokenFile: './countersign.token' } : {}),
    });
    if (officer !== undefined) await makeSshKey(officer, path('people', person, 'id'));
  }
  writeFileSync(path('countersign'), wrapper(), { mode: 0o755 });
}

async function makeSshKey({ name, keyType }: Officer, file: string): Promise<void> {
  const made = await runProgram('ssh-keygen', ['-q', '-t', keyType, '-N', '', '-C', name, '-f', file]);
  if (made.status !== 0) throw new Error(`ssh-keygen: ${made.stderr}`);
}

function writeSecret(file: string, text: string): void {
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}

function writeYaml(file: string, value: unknown): void {
  writeFileSync(file, stringify(value));
}

function softhsmModule(): string {
  const found = SOFTHSM_MODULES.find((candidate) => existsSync(candidate));
  if (found === undefined) throw new Error('SoftHSM is not installed');
  return found;
}

/** The command line under the name that people would type, with `--as PERSON` in front. */
function wrapper(): string {
  return `#!/bin/sh
# countersign --as PERSON …: the command line with that person's client configuration.
here=$(cd "$(dirname "$0")" && pwd)
if [ "\${1:-}" = --as ]; then
  COUNTERSIGN_CONFIG="$here/people/$2/client.yaml"
  export COUNTERSIGN_CONFIG
  shift 2
fi
exec '${process.execPath}' '${MAIN}' "$@"
`;
}

/** The first line of a file. */
export function firstLine(file: string): string {
  return readFileSync(file, 'utf8').split('\n')[0] ?? '';
}
