import type { FactoryPort } from '../../signing/index.js';
import type { Signed } from '../../tuf/index.js';
import { readPublished, type Published, type Trusted } from '../published.js';
import { judgeRootKeys } from './check-root-keys.js';
import { examine, fail, ok, warn, type Finding } from './finding.js';

const DAY_MS = 86_400_000;
/** Time enough for a rotation or a new Wave with its approvals. */
const SOON_DAYS = 30;

/**
 * What the Factory has published: inside the subset of JSON that everybody reads alike, verified from the pinned root
 * on, and for how long it is still good.
 */
export async function checkPublished(port: FactoryPort, trusted: Trusted, now: Date): Promise<Finding[]> {
  const published = readPublished(port, trusted);
  const todo = 'see what the message names; nothing can be signed over documents that do not verify';
  const findings: Finding[] = [];
  for (const repository of ['ci', 'production'] as const) {
    const check = `${repository} root of ${port.name}`;
    findings.push(
      ...(await examine(check, todo, async () => {
        const { signed } = await published.root(repository);
        const expiry = judge(check, signed, now, 'rotate the root');
        // both name the same root keys
        return repository === 'ci' ? [expiry] : [expiry, ...judgeRootKeys(`root keys of ${port.name}`, signed)];
      })),
    );
  }
  const ci = `CI targets of ${port.name}`;
  findings.push(
    ...(await examine(ci, todo, async () => [
      judge(ci, (await published.ciTargets()).signed, now, 'let the Factory build a new Target'),
    ])),
  );
  const waves = `Waves of ${port.name}`;
  findings.push(
    ...(await examine(waves, todo, async () => {
      const tags = await published.tags();
      const judged = await Promise.all(tags.map((tag) => judgeTag(port, published, tag, now)));
      return tags.length === 0 ? [ok(waves, 'none yet')] : judged.flat();
    })),
  );
  return findings;
}

function judgeTag(port: FactoryPort, published: Published, tag: string, now: Date): Promise<Finding[]> {
  const check = `production targets ${tag} of ${port.name}`;
  return examine(check, 'publish a new Wave for this tag', async () => {
    const targets = await published.productionTargets(tag);
    if (targets === null) return [ok(check, 'none yet')];
    return [judge(check, targets.signed, now, 'ask for a Wave that sets a later expiry')];
  });
}

function judge(check: string, { version, expires }: Signed, now: Date, todo: string): Finding {
  const days = Math.floor((Date.parse(expires) - now.getTime()) / DAY_MS);
  if (days < 0) return fail(check, `version ${version} expired at ${expires}`, todo);
  const message = `version ${version} verifies, good for ${days} more days (until ${expires})`;
  return days < SOON_DAYS ? warn(check, message, todo) : ok(check, message);
}
