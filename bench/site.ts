/**
 * An installation to measure: signer and service as processes of their own, as they are built, over a SoftHSM token with one
 * key, a journal and SQLite on this disk; the sandbox is its Factory, over HTTP. Officers live in the process that measures.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort, startDaemon } from '../scripts/demo/process.js';
import { createApiClient, type ApiClient } from '../src/api/index.js';
import { NAMESPACES } from '../src/approval/index.js';
import { serializePins, type Pins } from '../src/dossier/index.js';
import { draftPolicy, serializePolicy, signedPolicy } from '../src/policy/index.js';
import type { KeyType } from '../src/signer/index.js';
import { formatTime, parseRoot } from '../src/tuf/index.js';
import { softKey, type SoftKey } from '../test/support/ssh-forge.js';
import type { Closing } from './closing.js';
import { openFactory, type Factory } from './factory-process.js';
import { FACTORY, MAIN, openBenchToken, startSigner, TOKEN_LABEL, type BenchToken } from './signer-process.js';

const WAVE_VERSION = 42;
/** Thousands of documents may have to be gone through before something is answered, on a machine that does other things too. */
const CALL_TIMEOUT_MS = 300_000;

/** A request that waits for its last approval. */
export interface WaitingRequest {
  readonly id: string;
  readonly wave: { readonly name: string; readonly tag: string };
  /** Bob's signature over its statement. */
  readonly lastApproval: string;
}

export interface Site extends BenchToken {
  readonly factory: Factory;
  /** Where the service answers in the Factory's place. */
  readonly gatewayUrl: string;
  readonly bob: ApiClient;
  readonly carol: ApiClient;
  /** Asked for by carol, approved by alice, read by bob. Each for a tag of its own, so that none waits for another. */
  openRequest(): Promise<WaitingRequest>;
}

export async function openSite(keyType: KeyType, closing: Closing): Promise<Site> {
  const token = await openBenchToken(keyType, closing);
  const factory = await openFactory({ targets: [token.key.key] }, closing);
  const officers = { alice: softKey('ssh-ed25519'), bob: softKey('ssh-ed25519'), carol: softKey('ssh-ed25519') };
  const trust = await establishTrust(factory, officers);
  const { socketPath } = await startSigner(token, trust, closing);
  const { url, gatewayUrl } = await startService(token.folder, factory, trust, socketPath, closing);
  const alice = await logIn(url, officers.alice);
  const bob = await logIn(url, officers.bob);
  const carol = await logIn(url, officers.carol);
  let asked = 0;
  return {
    ...token,
    factory,
    gatewayUrl,
    bob,
    carol,
    async openRequest() {
      asked += 1;
      const wave = { name: `wave-${asked}`, tag: `tag-${asked}` };
      const { request } = await carol.submitWave(FACTORY, { ...wave, version: WAVE_VERSION, reason: 'a measurement' });
      const { id } = request;
      const statement = await alice.statement(id);
      await alice.approve(id, { sshsig: officers.alice.sign(NAMESPACES.approve, statement) });
      return { id, wave, lastApproval: officers.bob.sign(NAMESPACES.approve, await bob.statement(id)) };
    },
  };
}

export async function startService(
  folder: string,
  factory: Factory,
  { policy, pins }: { readonly policy: string; readonly pins: Pins },
  socketPath: string,
  closing: Closing,
): Promise<{ url: string; gatewayUrl: string; pid: number }> {
  const port = await freePort();
  const gatewayPort = await freePort();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const configPath = file(
    'service.yaml',
    stringify({
      listen: { host: '127.0.0.1', port },
      database: `sqlite:${join(folder, 'service.db')}`,
      signer: { socket: socketPath },
      policy: [file('policy.json', policy)],
      trust: file('trust.json', serializePins(pins)),
      // thousands of documents in one answer
      factories: { [FACTORY]: { tokenFile: file('factory.token', `${factory.token}\n`), timeoutSeconds: 300 } },
      limits: { requestsPerMinute: 100_000 },
      gateway: { listen: { host: '127.0.0.1', port: gatewayPort }, waitSeconds: 3600 },
      log: { level: 'info', style: 'json' },
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const daemon = await startDaemon('service', process.execPath, [MAIN, 'serve', '--config', configPath], {
    logFile: join(folder, 'service.log'),
    ready: async () => (await fetch(`${url}/healthz`)).ok,
  });
  closing.add(() => daemon.stop());
  return { url, gatewayUrl: `http://127.0.0.1:${gatewayPort}`, pid: daemon.pid };
}

/** A policy that wants two of its officers, signed by all of them, and the pins that go with it. */
export async function establishTrust(
  { url, client }: Factory,
  officers: Readonly<Record<string, SoftKey>>,
): Promise<{ policy: string; pins: Pins }> {
  const [first] = await client.rootChain('production', 1);
  if (first === undefined) throw new Error('the Factory has no root');
  const { sha256 } = parseRoot(first);
  const rules = { quorum: 2, maxExpiresDays: 400, singleOfficer: false };
  const draft = draftPolicy({
    created: formatTime(new Date()),
    factories: [
      {
        name: FACTORY,
        url,
        firstRoot: { version: 1, sha256 },
        tokens: [{ label: TOKEN_LABEL, serial: null, roles: ['root', 'targets'] }],
      },
    ],
    kinds: { wave: rules, root: rules, policy: rules },
    officers: Object.entries(officers).map(([person, { line }]) => ({ person, keys: [line] })),
    previous: null,
    version: 1,
  });
  const { text, sha256: policySha256 } = signedPolicy(draft);
  const signatures = Object.entries(officers).map(([person, key]) => ({
    person,
    sshsig: key.sign(NAMESPACES.policy, text),
  }));
  const policy = serializePolicy(signedPolicy(draft, signatures));
  return { policy, pins: { policySha256, firstRootSha256: { [FACTORY]: sha256 } } };
}

export async function logIn(baseUrl: string, key: SoftKey): Promise<ApiClient> {
  const stranger = createApiClient({ baseUrl });
  const { challenge } = await stranger.loginChallenge({ publicKey: key.line });
  const { session } = await stranger.login({ challenge, sshsig: key.sign(NAMESPACES.login, challenge) });
  return createApiClient({ baseUrl, bearer: session, timeoutMs: CALL_TIMEOUT_MS });
}
