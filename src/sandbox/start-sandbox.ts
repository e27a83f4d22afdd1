import { createServer, type Server } from 'node:http';
import { CountersignError } from '../errors.js';
import { factoryNameSchema } from '../factory/index.js';
import type { Logger } from '../telemetry/index.js';
import type { TargetEntry } from '../tuf/index.js';
import { createSandboxApp } from './app.js';
import type { Clock } from './clock.js';
import { freshState } from './fresh-state.js';
import type { OfflineKeys } from './offline-keys.js';
import { generateOnlineKeys, type OnlineKeys } from './online-keys.js';
import { builtInPeople, parsePeople, polisIdOf, type SandboxPerson } from './people.js';
import { isOwned, namesKeys, newestRoot, ownedRoots } from './roots.js';
import type { Actor } from './actor.js';
import { openStateStore, readStateFile, replaceFile, type StateStore } from './state-store.js';

export interface SandboxOptions {
  readonly factory: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where state lives on between starts; without it all is forgotten at the end. */
  readonly stateDir?: string;
  /** Instead of alice, bob, carol and dave. */
  readonly people?: readonly SandboxPerson[];
  /** Public keys that root version 3 names beside the server's own. */
  readonly offlineKeys?: OfflineKeys;
  /** How many signatures production targets need from root 3 on, the online one included; default 2. */
  readonly productionThreshold?: number;
  /** The Factory's own keys, where they need not be fresh ones. */
  readonly onlineKeys?: OnlineKeys;
  /** What its CI built, by Target name; six builds for two boards unless given. */
  readonly ciTargets?: Readonly<Record<string, TargetEntry>>;
  /** What is in production already: targets metadata by tag, to which the Factory adds its own signature; nothing unless given. */
  readonly productionTargets?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether `/_sandbox/faults` may be used, from this machine; default false. */
  readonly faults?: boolean;
  /** Largest request body; default 32 MiB. */
  readonly maxBodyBytes?: number;
}

export interface Sandbox {
  /** Base URL of the API: what a client's `server.url` is set to. */
  readonly url: string;
  readonly port: number;
  readonly factory: string;
  /** With their tokens. Those made here also stand in `people.json` of the state directory. */
  readonly people: readonly SandboxPerson[];
  /** Finishes what is under way and stops; state is on disk already. */
  close(): Promise<void>;
}

const PEOPLE_FILE = 'people.json';
/** A caller who never ends a request does not keep the sandbox from stopping. */
const CLOSE_TIMEOUT_MS = 2_000;
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * Starts a local Factory for one person or test: the HTTP API of the real one, its own online keys, its checks.
 *
 * @throws INPUT_INVALID (Factory name), CONFIG_INVALID (state of another Factory or with other keys), a listen error
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { factory, stateDir, clock, logger } = options;
  if (!factoryNameSchema.safeParse(factory).success) {
    throw new CountersignError('INPUT_INVALID', 'the name of the Factory cannot stand in its URLs');
  }
  const people = options.people ?? (await loadPeople(stateDir, clock));
  const store = await openStateStore(stateDir, factory, async () =>
    freshState(
      factory,
      options.onlineKeys ?? (await generateOnlineKeys()),
      clock.now(),
      options.ciTargets,
      options.productionTargets,
    ),
  );
  const owner = people.find(({ role }) => role === 'owner') ?? people[0];
  if (options.offlineKeys !== undefined) {
    const { offlineKeys: offline, productionThreshold = 2 } = options;
    const polisId = polisIdOf(factory, owner?.name ?? 'owner');
    await takeOwnership(store, offline, productionThreshold, { polisId, now: clock.now() });
  }

  const { maxBodyBytes = MAX_BODY_BYTES, faults = false } = options;
  const server = createServer(createSandboxApp({ factory, people, store, clock, logger, maxBodyBytes, faults }));
  const port = await listen(server, options.host, options.port);
  const url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
  logger.info('sandbox listening', { factory, url, rootVersion: newestRoot(store.read().roots.ci).signed.version });
  return { url, port, factory, people, close: () => close(server) };
}

/** The built-in people keep their tokens from start to start, where there is a directory to keep them in. */
async function loadPeople(stateDir: string | undefined, clock: Clock): Promise<readonly SandboxPerson[]> {
  const kept = stateDir === undefined ? null : await readStateFile(stateDir, PEOPLE_FILE);
  if (kept !== null) return parsePeople(kept);
  const people = builtInPeople(clock.now());
  if (stateDir !== undefined) await replaceFile(stateDir, PEOPLE_FILE, `${JSON.stringify({ people }, null, 2)}\n`);
  return people;
}

/** Publishes root 3 with the given keys, once; other keys than those it names are a mistake of whoever starts it. */
async function takeOwnership(
  store: StateStore,
  offline: OfflineKeys,
  productionThreshold: number,
  actor: Actor,
): Promise<void> {
  await store.update((state) => {
    if (isOwned(state)) {
      // the first one that was owned: later ones may have rotated the keys away
      if (namesKeys(newestRoot(state.roots.production.slice(0, 3)).signed, offline))
        return { state, result: undefined };
      throw new CountersignError('CONFIG_INVALID', 'the root of this sandbox names other offline keys', {
        hint: 'Start afresh in another state directory to use these.',
      });
    }
    const owned = ownedRoots(state.keys, offline, productionThreshold, actor);
    const roots = {
      ci: [...state.roots.ci, owned.ci],
      production: [...state.roots.production, owned.production],
    };
    return { state: { ...state, roots }, result: undefined };
  });
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    const patience = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS).unref();
    server.close((error) => {
      clearTimeout(patience);
      if (error === undefined) resolve();
      else reject(error);
    });
    server.closeIdleConnections();
  });
}
