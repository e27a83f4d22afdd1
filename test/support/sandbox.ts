import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { createLogger, transports } from 'winston';
import { createFoundriesClient, type FoundriesClient, type FoundriesClientOptions } from '../../src/foundries/index.js';
import {
  generateOnlineKeys,
  startSandbox,
  type OnlineKeys,
  type Sandbox,
  type SandboxOptions,
} from '../../src/sandbox/index.js';
import {
  encodeCanonical,
  keyFromSpkiDer,
  keyidOf,
  parseTargets,
  serializeMetadata,
  type Key,
  type Signature,
  type TargetEntry,
  type Targets,
} from '../../src/tuf/index.js';

export const FACTORY = 'acme';
export const NOW = new Date('2026-11-22T16:00:00Z');
export const EXPIRES = '2027-11-22T16:00:00Z';

/** An Ed25519 key that stands for one in a token. */
export interface OfflineSigner {
  readonly key: Key;
  readonly keyid: string;
  sign(signedBytes: Uint8Array): Signature;
}

export function createOfflineSigner(): OfflineSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = keyFromSpkiDer(publicKey.export({ type: 'spki', format: 'der' }));
  return { key, keyid: keyidOf(key), sign: (bytes) => signEd25519(privateKey, keyidOf(key), bytes) };
}

function signEd25519(privateKey: KeyObject, keyid: string, bytes: Uint8Array): Signature {
  return { keyid, method: 'ed25519', sig: sign(null, bytes, privateKey).toString('base64') };
}

/** A logger whose lines can be looked at. */
function createMemoryLogger(): { logger: SandboxOptions['logger']; text: () => string } {
  const stream = new PassThrough();
  const chunks: string[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString('utf8')));
  // winston's own types disagree with each other here
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
  const logger = createLogger({ level: 'debug', transports: [new transports.Stream({ stream })] });
  return { logger, text: () => chunks.join('') };
}

export interface TestSandbox extends Sandbox {
  readonly offline: OfflineSigner;
  readonly clock: { time: Date; now(): Date };
  readonly logText: () => string;
  token(person: string): string;
  client(person: string, options?: Partial<FoundriesClientOptions>): FoundriesClient;
  /** A plain call as `person`; `body` is sent as it is when it is a string or bytes, as JSON otherwise. */
  call(person: string | null, method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }>;
}

let onlineKeys: Promise<OnlineKeys> | undefined; // RSA keys take their time: one set for all sandboxes of a file

/** A sandbox whose root 3 names one offline targets key; `owned: false` leaves it at root 2. */
export async function startTestSandbox(
  options: Partial<SandboxOptions> & { owned?: boolean; offline?: OfflineSigner; time?: Date } = {},
): Promise<TestSandbox> {
  const { owned = true, offline = createOfflineSigner(), time = NOW, ...rest } = options;
  onlineKeys ??= generateOnlineKeys();
  const clock = { time, now: () => clock.time };
  const { logger, text } = createMemoryLogger();
  const sandbox = await startSandbox({
    factory: FACTORY,
    host: '127.0.0.1',
    port: 0,
    onlineKeys: await onlineKeys,
    ...(owned ? { offlineKeys: { root: [], targets: [offline.key] } } : {}),
    clock,
    logger,
    ...rest,
  });
  const token = (name: string): string => {
    const person = sandbox.people.find((candidate) => candidate.name === name);
    if (person === undefined) throw new Error(`nobody is called ${name}`);
    return person.token;
  };
  return {
    ...sandbox,
    offline,
    clock,
    logText: text,
    token,
    client: (name, more = {}) =>
      createFoundriesClient({
        factory: FACTORY,
        url: sandbox.url,
        token: () => token(name),
        userAgent: 'countersign-test',
        timeoutMs: 30_000,
        ...more,
      }),
    call: async (person, method, path, body) => {
      const response = await fetch(`${sandbox.url}${path}`, {
        method,
        headers: person === null ? {} : { 'osf-token': token(person) },
        ...(body === undefined ? {} : { body: toBody(body) }),
      });
      const textOfBody = await response.text();
      return { status: response.status, json: textOfBody === '' ? null : (JSON.parse(textOfBody) as unknown) };
    },
  };
}

function toBody(body: unknown): string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
}

/** What `waves init` would make: the tag's production targets and the CI Targets of the version under the tag. */
export async function buildWave(
  client: FoundriesClient,
  version: number,
  tag: string,
  change: (signed: Targets) => unknown = (signed) => signed,
): Promise<Buffer> {
  const ci = parseTargets(await client.ciTargets()).signed;
  const base = await client.productionTargets(tag);
  const added = Object.entries(ci.targets)
    .filter(([, { custom }]) => custom?.['version'] === String(version))
    .map(([name, entry]): [string, TargetEntry] => [name, { ...entry, custom: { ...entry.custom, tags: [tag] } }]);
  const kept = base === null ? {} : parseTargets(base).signed.targets;
  const signed: Targets = {
    _type: 'Targets',
    expires: EXPIRES,
    targets: { ...kept, ...Object.fromEntries(added) },
    version,
  };
  return encodeCanonical(change(signed));
}

/** Metadata of `signedBytes` with one signature of each signer. */
export function signedBy(signedBytes: Buffer, ...signers: readonly OfflineSigner[]): Buffer {
  return serializeMetadata({ signatures: signers.map((signer) => signer.sign(signedBytes)), signedBytes });
}
