import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fioctl } from '../../scripts/demo/fioctl.js';
import { createGateway, type Gateway } from '../../src/gateway/index.js';
import { createOfflineKey, signOffline, type OfflineKey } from '../../src/offline-keys/index.js';
import { requestKeyProofPayload } from '../../src/signing/index.js';
import { keyidOf } from '../../src/tuf/index.js';
import { createRootWorld, type RootWorld, type RootWorldOptions } from '../signing/root-world.js';
import { person } from '../signing/world.js';
import { FACTORY } from '../support/sandbox.js';

/** Engineers, who are no officers, with the accounts that they have at the Factory. */
const ACCOUNTS = { erin: 'alice', frank: 'bob' } as const;
export type Engineer = keyof typeof ACCOUNTS;

/** The gateway over a service with real signer and sandbox, and people who use fioctl on it. */
export interface GatewayWorld extends RootWorld {
  readonly url: string;
  /** fioctl of a person with request keys of their own, which are registered the first time. */
  fioctl(name: Engineer, extraHeaders?: Readonly<Record<string, string>>): Promise<Fioctl>;
  /** Of that person at the Factory. */
  tokenOf(name: Engineer): string;
  /** The keys in that person's file. */
  keysOf(name: Engineer): Promise<readonly OfflineKey[]>;
  /** All open requests are approved and brought as far as they come. */
  approveAll(): Promise<void>;
}

export async function createGatewayWorld(options: RootWorldOptions = { owned: true }): Promise<GatewayWorld> {
  // a connection that was closed while this process was busy is not what these tests are about
  const world = await createRootWorld({ client: { retry: { attempts: 3 } }, ...options });
  const gateway = createGateway({
    factories: new Map([[FACTORY, { name: FACTORY, url: world.sandbox.url }]]),
    signing: world.service,
    drafts: world.store.gatewayDrafts,
    clock: world.sandbox.clock,
    logger: world.logger,
    limits: { maxBodyBytes: 4 * 1024 * 1024, maxWaitSeconds: 60, silenceMs: 60_000 },
  });
  const server = createServer(gateway.listener);
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keys = new Map<Engineer, readonly OfflineKey[]>();

  const keysOf = async (name: Engineer): Promise<readonly OfflineKey[]> => {
    const known = keys.get(name);
    if (known !== undefined) return known;
    const made = { root: await createOfflineKey('ED25519'), targets: await createOfflineKey('ED25519') };
    const registered = (['root', 'targets'] as const).map((role) => {
      const { key } = made[role];
      const payload = requestKeyProofPayload({ factory: FACTORY, name, role, keyid: keyidOf(key) });
      const { method, sig } = signOffline(made[role], keyidOf(key), payload);
      return { role, key, proof: { method, sig } };
    });
    const registration = { factory: FACTORY, name, keys: registered };
    await world.service.registerRequestKeys(registration, world.sandbox.token(ACCOUNTS[name]), person(name));
    keys.set(name, [made.root, made.targets]);
    return [made.root, made.targets];
  };

  return {
    ...world,
    url,
    tokenOf: (name) => world.sandbox.token(ACCOUNTS[name]),
    keysOf,
    fioctl: async (name, extraHeaders = {}) => {
      const settings = { url, factory: FACTORY, token: world.sandbox.token(ACCOUNTS[name]), extraHeaders };
      return new Fioctl(settings, await keysOf(name), () => world.sandbox.clock.now());
    },
    approveAll: async () => {
      const { items } = await world.service.list({ state: 'open', limit: 10 });
      for (const { id } of items) await world.approve(id);
      await world.service.reconcile();
    },
    end: async () => {
      await close(server, gateway);
      await world.end();
    },
  };
}

async function close(server: Server, gateway: Gateway): Promise<void> {
  gateway.endWaits();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  gateway.close();
}
