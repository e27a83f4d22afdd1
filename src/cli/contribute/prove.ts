import type { OfflineKey } from '../../offline-keys/index.js';
import { CountersignError } from '../../errors.js';
import type { ClientSettings } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { factoryClient } from '../factory-client.js';
import { publishedChain } from '../root/load-roots.js';
import { plain, say } from '../terminal/output.js';
import { loadPins } from '../trust-file.js';
import { checkWorthless, type StandingKey, type Trial } from './check-worthless.js';

export interface Proof {
  readonly factory: string;
  readonly worthless: boolean;
  readonly standing: readonly StandingKey[];
  readonly trials: readonly Trial[];
}

/**
 * Proves what keys outside of tokens are still good for at a Factory: by the roots that it publishes, verified from this
 * machine's pins on, and by trying. Devices that have not seen the newest roots yet are not spoken of: they take them first.
 *
 * @throws USAGE without a Factory token of one's own; PINS_MISSING, ROOT_NOT_TRUSTED, FACTORY_…
 */
export async function prove(
  context: CliContext,
  settings: ClientSettings,
  factory: string,
  keys: readonly OfflineKey[],
): Promise<Proof> {
  const mine = settings.factory(factory);
  const pin = loadPins(settings.trustPath).firstRootSha256[factory];
  if (mine?.url === undefined || pin === undefined) {
    throw new CountersignError('USAGE', `what the keys are still good for is asked of the Factory ${factory} itself`, {
      hint: 'write its url and a tokenFile of yours to the client configuration, and its first root to the trust file',
    });
  }
  const port = factoryClient({ ...mine, url: mine.url });
  const [ci, production] = await Promise.all([
    publishedChain(port, 'ci', pin),
    publishedChain(port, 'production', pin),
  ]);
  const { standing, trials } = checkWorthless(keys, { ci, production });
  const worthless = standing.length === 0 && trials.every(({ counted }) => counted === 0);
  sayProof(context, { factory, worthless, standing, trials }, ci.at(-1)?.signed.version ?? 0);
  return { factory, worthless, standing, trials };
}

function sayProof(context: CliContext, { worthless, standing, trials }: Proof, version: number): void {
  for (const { role, repository, made, counted } of trials) {
    say(
      context,
      `tried: ${made} signature(s) over a made-up ${role === 'root' ? 'next root' : 'targets document'}: ${counted} counted under ${repository} root ${version}`,
    );
  }
  for (const { from, keyid, role, repository } of standing) {
    say(context, `STILL IN FORCE: ${plain(from)} is the ${role} key ${plain(keyid)} of the ${repository} root`);
  }
  if (worthless) say(context, `none of these keys can sign anything that a device with root ${version} accepts`);
}
