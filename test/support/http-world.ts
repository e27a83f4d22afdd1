/**
 * The HTTP API on a free port, over the real signing service and a real SQLite file. The Factory and the signer are in
 * memory: the Factory holds what the fixture made and takes Waves; the signer verifies dossiers and signs with the
 * fixture's keys. Time stands still but for `advance`, and nothing happens by itself but for `settle`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient, type ApiClient } from '../../src/api/index.js';
import { NAMESPACES } from '../../src/approval/index.js';
import { requireApproved, verifyDossier, type JournalLine } from '../../src/dossier/index.js';
import type { CountersignError } from '../../src/errors.js';
import {
  createApiToken,
  createAuth,
  createHttpApp,
  startHttpServer,
  type Auth,
  type HttpLimits,
  type HttpServer,
  type NewApiToken,
} from '../../src/http/index.js';
import {
  createSigningService,
  type FactoryPort,
  type SignerPort,
  type SigningService,
  type Store,
  type WaveInfo,
} from '../../src/signing/index.js';
import { openStore } from '../../src/store/index.js';
import { parseTargets, sha256Hex } from '../../src/tuf/index.js';
import { createFixture, metadataText, type Fixture, type FixtureOptions } from './factory-fixture.js';
import { noRootSigner, noRootUpdate } from './no-root-update.js';
import { journalLines } from './journal-lines.js';
import { recordingLogger, type RecordingLogger } from './recording-logger.js';

const HOUR_MS = 3_600_000;

export interface HttpWorldOptions {
  readonly fixture?: FixtureOptions;
  readonly limits?: Partial<HttpLimits>;
  readonly publicUrl?: string;
  readonly trustProxy?: boolean;
  /** Stands in front of the real service. */
  readonly wrap?: (signing: SigningService) => SigningService;
}

export interface HttpWorld {
  readonly fixture: Fixture;
  readonly url: string;
  readonly http: HttpServer;
  readonly store: Store;
  readonly auth: Auth;
  readonly logger: RecordingLogger;
  readonly clock: { now(): Date };
  /** Sets the clock forward and calls the timers that are due. */
  advance(ms: number): void;
  /** Resolves when something waits for time to pass. */
  waiting(): Promise<void>;
  /** Signs and delivers whatever is due. */
  settle(): Promise<void>;
  /** What the parts behind the service do while it is set: throw this. */
  readonly broken: { factory: CountersignError | null; signer: CountersignError | null };
  token(options?: Partial<NewApiToken>): Promise<string>;
  session(person: string): Promise<string>;
  client(bearer?: string): ApiClient;
  /** A fetch of a path; an object as body is sent as JSON. */
  call(path: string, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly method?: string;
  readonly bearer?: string;
  readonly body?: string | Uint8Array | object;
  readonly headers?: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text parsed, if it is JSON. */
  readonly json: unknown;
}

export async function openHttpWorld(options: HttpWorldOptions = {}): Promise<HttpWorld> {
  const fixture = createFixture(options.fixture);
  const folder = mkdtempSync(join(tmpdir(), 'countersign-http-'));
  const store = await openStore(`sqlite:${join(folder, 'service.db')}`);
  const logger = recordingLogger();
  const time = manualTime(fixture.now);
  const broken: HttpWorld['broken'] = { factory: null, signer: null };
  const signingService = createSigningService({
    store,
    signer: signerOf(fixture, time.clock, broken),
    factories: new Map([[fixture.factory, factoryOf(fixture, broken)]]),
    policies: [fixture.policy],
    pins: fixture.pins,
    logger,
    clock: time.clock,
    timers: time.timers,
  });
  const signing = options.wrap?.(signingService) ?? signingService;
  const address = options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl };
  const auth = createAuth({
    store,
    policy: () => signing.policy(),
    clock: time.clock,
    service: fixture.pins.policySha256,
    sessionMinutes: 480,
    ...address,
  });
  const limits = { maxBodyBytes: 4_000_000, maxWaitSeconds: 600, requestsPerMinute: 100_000, loginsPerMinute: 100_000 };
  const app = createHttpApp({
    signing,
    auth,
    logger,
    clock: time.clock,
    limits: { ...limits, ...options.limits },
    trustProxy: options.trustProxy ?? false,
    ...address,
  });
  const http = await startHttpServer(app, { host: '127.0.0.1', port: 0 });

  return {
    fixture,
    url: http.url,
    http,
    store,
    auth,
    logger,
    broken,
    clock: time.clock,
    advance: (ms) => time.advance(ms),
    waiting: () => time.waiting(),
    settle: () => signingService.reconcile(),
    async token(wanted = {}) {
      const now = time.clock.now();
      const { bearer } = await createApiToken(
        { name: 'ci', kind: 'ci', person: null, expiresAt: new Date(now.getTime() + HOUR_MS), ...wanted },
        { store, policy: fixture.policy, now, actor: 'operator' },
      );
      return bearer;
    },
    async session(person) {
      const key = fixture.officers.get(person);
      if (key === undefined) throw new Error(`${person} is no officer`);
      const { challenge } = await auth.createChallenge(key.line);
      return (await auth.login({ challenge, sshsig: key.sign(NAMESPACES.login, challenge) })).session;
    },
    client: (bearer) => createApiClient({ baseUrl: http.url, ...(bearer === undefined ? {} : { bearer }) }),
    call: (path, asked) => call(`${http.url}${path}`, asked),
    async close() {
      await http.close(1000);
      await signingService.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function call(url: string, { method, bearer, body, headers = {} }: CallOptions = {}): Promise<Answer> {
  const asText = typeof body === 'string' || body instanceof Uint8Array || body === undefined;
  const answer = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: asText ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: parsedOrNull(text) };
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function factoryOf(fixture: Fixture, broken: HttpWorld['broken']): FactoryPort {
  const waves = new Map<string, { info: WaveInfo; metadata: Buffer }>();
  const answer = <T>(value: () => T): Promise<T> =>
    broken.factory === null ? Promise.resolve(value()) : Promise.reject(broken.factory);
  const unused = (): Promise<never> => Promise.reject(new Error('not used by the service'));
  return {
    name: fixture.factory,
    url: 'https://api.example',
    ...noRootUpdate(),
    rootChain: (repository, from) =>
      answer(() => fixture.rootTexts[repository].slice(from - 1).map((text) => Buffer.from(text))),
    ciTargets: () => answer(() => Buffer.from(metadataText(fixture.ciTargets))),
    productionTargets: (tag) =>
      answer(() =>
        fixture.productionTargets === null || tag !== fixture.tag
          ? null
          : Buffer.from(metadataText(fixture.productionTargets)),
      ),
    waveTargets: (name) => answer(() => waves.get(name)?.metadata ?? null),
    wave: (name) => answer(() => waves.get(name)?.info ?? null),
    waves: () => answer(() => [...waves.values()].map(({ info }) => info)),
    createWave: ({ name, version, tag, metadata }) =>
      answer(() => {
        const published = Buffer.from(fixture.publish(parseTargets(metadata).signedBytes));
        waves.set(name, { info: { name, version, tag, status: 'active', raw: {} }, metadata: published });
      }),
    onlineTargetsKey: () => answer(() => fixture.keys.online.key),
    self: () => answer(() => ({ polisId: 'p1', name: 'countersign', role: 'admin', scopes: [] })),
    selfOf: (token) => answer(() => ({ polisId: `of ${token}`, name: token, role: 'member', scopes: [] })),
    cancelWave: unused,
    completeWave: unused,
    rolloutWave: unused,
  };
}

function signerOf(fixture: Fixture, clock: { now(): Date }, broken: HttpWorld['broken']): SignerPort {
  const journal = { seq: 1, hash: '0'.repeat(64) };
  const written = new Map<string, readonly JournalLine[]>();
  const answer = <T>(value: () => T | Promise<T>): Promise<T> =>
    broken.signer === null ? Promise.resolve().then(value) : Promise.reject(broken.signer);
  return {
    sign: (lines) =>
      answer(async () => {
        const verified = await verifyDossier(lines, fixture.pins, clock.now());
        if (verified.kind === 'root') throw new Error('this signer signs no roots');
        requireApproved(verified);
        const [document] = verified.documents;
        if (document === undefined) throw new Error('a dossier without documents');
        const signatures = fixture.sign(document.bytes, clock.now());
        const { statement, statementText: text, statementSha256, quorum } = verified;
        written.set(statementSha256, journalLines({ statement, text, persons: quorum.persons, signatures }));
        return { signatures, journal };
      }),
    journal: (statementSha256) => answer(() => ({ lines: written.get(statementSha256) ?? [] })),
    veto: () => answer(() => ({ person: 'bob' })),
    published: ({ metadata }) =>
      answer(() => {
        const { signed, sha256 } = parseTargets(Buffer.from(metadata));
        return { watermark: { version: signed.version, sha256 } };
      }),
    status: () =>
      answer(() => ({
        initialised: true,
        service: fixture.pins.policySha256,
        policy: { version: 1, sha256: fixture.policy.sha256 },
        factories: [fixture.factory],
        tokens: [{ label: 'targets', serial: '1', state: 'ready', workers: [] }],
        watermarks: [],
        frozen: [],
        journal: { ...journal, at: '2026-11-22T16:00:00Z' },
        clockOk: true,
      })),
    ...noRootSigner(),
    registerRequestKeys: () => answer(() => ({})),
    canary: () => answer(() => ({ tokens: [] })),
    keys: () =>
      answer(() => {
        if (fixture.keys.offline === null) throw new Error('the fixture has its keys');
        const { keyid, key } = fixture.keys.offline;
        const attributes = { sensitive: true, extractable: false };
        const token = { label: 'targets', serial: '1' };
        return {
          keys: [
            {
              ...{ keyid, keytype: key.keytype, role: 'targets', factory: fixture.factory, token, public: key },
              ...{ ckaId: sha256Hex(keyid).slice(0, 8), attributes, state: 'active' },
            },
          ],
        };
      }),
  };
}

function manualTime(start: Date) {
  let nowMs = start.getTime();
  const armed = new Map<object, { atMs: number; fn: () => void }>();
  let tellArmed: (() => void)[] = [];
  return {
    clock: { now: () => new Date(nowMs) },
    timers: {
      after(delayMs: number, fn: () => void) {
        const key = {};
        armed.set(key, { atMs: nowMs + delayMs, fn });
        for (const tell of tellArmed) tell();
        tellArmed = [];
        return () => {
          armed.delete(key);
        };
      },
    },
    advance(ms: number) {
      nowMs += ms;
      for (const [key, { atMs, fn }] of [...armed]) {
        if (atMs <= nowMs && armed.delete(key)) fn();
      }
    },
    waiting: () =>
      new Promise<void>((resolve) => {
        if (armed.size > 0) resolve();
        else tellArmed.push(resolve);
      }),
  };
}
