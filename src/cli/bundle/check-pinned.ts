import { existsSync } from 'node:fs';
import { CountersignError } from '../../errors.js';
import type { Stick } from '../../factory/index.js';
import type { ClientSettings } from '../client-settings.js';
import { factoryClient } from '../factory-client.js';
import { publishedChain } from '../root/load-roots.js';
import { loadPins } from '../trust-file.js';

/**
 * Compares the roots of a stick with those that the Factory publishes, verified from this machine's own pin on.
 *
 * @returns false if this machine has no pin or no Factory token, and so cannot tell
 * @throws ROOT_NOT_TRUSTED, STALE_BASE; FACTORY_…
 */
export async function checkPinned(settings: ClientSettings, factory: string, { roots }: Stick): Promise<boolean> {
  const mine = settings.factory(factory);
  const pin = existsSync(settings.trustPath) ? loadPins(settings.trustPath).firstRootSha256[factory] : undefined;
  if (mine?.url === undefined || pin === undefined) return false;
  const published = await publishedChain(factoryClient({ ...mine, url: mine.url }), 'production', pin);
  for (const { signed, sha256 } of roots) {
    if (published.some((root) => root.sha256 === sha256)) continue;
    throw new CountersignError(
      'ROOT_NOT_TRUSTED',
      `root version ${signed.version} on the stick is not a published one`,
    );
  }
  const newest = published.at(-1);
  if (newest?.sha256 === roots.at(-1)?.sha256) return true;
  throw new CountersignError('STALE_BASE', `the stick lacks the newest root, version ${newest?.signed.version ?? 0}`, {
    hint: 'Make the folder anew with fioctl targets offline-update.',
  });
}
