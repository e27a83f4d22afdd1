import { verifyDossier, type VerifiedDossier } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import type { ApiClient } from '../../api/index.js';
import type { ClientSettings } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { factoryClient } from '../factory-client.js';
import { loadPinsOrExplain } from '../trust-file.js';
import { checkBundleFreshness } from './bundle-freshness.js';
import { checkFreshness, type Freshness } from './freshness.js';
import { checkRootFreshness } from './root-freshness.js';

export interface Examination {
  readonly verified: VerifiedDossier;
  readonly freshness: Freshness;
}

/**
 * What an officer's own machine finds out about a request, without believing the service anything: fetches the dossier,
 * verifies all of it against this machine's pins, and asks the Factory itself whether what it builds on is current.
 *
 * @throws PINS_MISSING after showing what would have to be trusted; STALE_BASE; everything that `verifyDossier` throws
 */
export async function examine(
  context: CliContext,
  api: ApiClient,
  settings: ClientSettings,
  requestId: string,
): Promise<Examination> {
  const pins = await loadPinsOrExplain(context, settings.trustPath, () => api.dossier(requestId));
  const verified = await verifyDossier(api.dossier(requestId), pins, context.now());
  if (verified.statement.id !== requestId) {
    throw new CountersignError(
      'STATEMENT_INVALID',
      `the service answered ${requestId} with the dossier of another request`,
      {
        hint: 'do not approve it; tell your operator that the service mixes up requests',
        details: { asked: requestId, answered: verified.statement.id },
      },
    );
  }
  return { verified, freshness: await freshnessOf(settings, verified) };
}

async function freshnessOf(settings: ClientSettings, verified: VerifiedDossier): Promise<Freshness> {
  const mine = settings.factory(verified.statement.factory);
  if (mine === null) return { checked: false };
  // The address comes from the officer's own configuration or from the pinned policy, never from the service's word:
  // the officer's Factory token goes there.
  const url = mine.url ?? verified.policy.policy.factories.find((factory) => factory.name === mine.name)?.url;
  if (url === undefined) return { checked: false };
  const port = factoryClient({ ...mine, url });
  switch (verified.kind) {
    case 'wave':
      return await checkFreshness(verified, port);
    case 'root':
      return await checkRootFreshness(verified, port);
    case 'bundle':
      return await checkBundleFreshness(verified, port);
  }
}
