import { firstLine } from '../../scripts/demo/installation.js';
import { createFoundriesClient, type FoundriesClient } from '../../src/foundries/index.js';
import type { StoredRequest } from '../../src/signing/index.js';
import { eventually } from './eventually.js';
import type { KillSite } from './kill-site.js';
import { approve, type Asked, delivered } from './waves.js';

/** What an operator asks for, as `countersign root` takes it. */
export async function askForRoot(site: KillSite, ...args: string[]): Promise<Asked> {
  const printed = await site.call(['root', ...args, '--reason', 'test'], 'ci');
  return { id: printed.trim() };
}

export async function approveAndWait(site: KillSite, asked: Asked): Promise<void> {
  await approve(site, asked, 'alice');
  await approve(site, asked, 'bob');
  await delivered(site, asked);
}

/** The request that took the place of one that the Factory had moved on under. */
export async function rebuiltFrom(site: KillSite, { id }: Asked): Promise<Asked> {
  const as = await eventually(
    `what is asked for in the place of ${id}`,
    async () => (await site.store.requests.find(id))?.root?.rebuiltAs ?? null,
  );
  return { id: as };
}

/** A request, once it is as it is waited for. */
export async function requestThat(
  site: KillSite,
  { id }: Asked,
  what: string,
  holds: (request: StoredRequest) => boolean,
): Promise<StoredRequest> {
  return eventually(`${id} ${what}`, async () => {
    const request = await site.store.requests.find(id);
    return request !== null && holds(request) ? request : null;
  });
}

/** The keys that a request brings in. */
export async function newKeysOf(site: KillSite, { id }: Asked): Promise<string[]> {
  const { keys } = JSON.parse(await site.call(['statement', id], 'alice')) as { keys: { keyid: string }[] };
  return keys.map(({ keyid }) => keyid);
}

/** What somebody does at the Factory who uses another program. */
export function atFactory({ path, ports, factory }: KillSite): FoundriesClient {
  const token = firstLine(path('people', 'alice', 'factory.token'));
  const url = `http://127.0.0.1:${ports.factory}`;
  return createFoundriesClient({ factory, url, token: () => token, userAgent: 'other', timeoutMs: 60_000 });
}
