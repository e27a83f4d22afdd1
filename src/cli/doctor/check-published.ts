import type { FactoryPort } from '../../signing/index.js';
import { factoryOf } from '../../policy/index.js';
import {
  parseRoot,
  parseTargets,
  verifyRootChain,
  verifyTargets,
  type RootMetadata,
  type Signed,
} from '../../tuf/index.js';
import type { Trusted } from './check-policy.js';
import { examine, fail, ok, warn, type Finding } from './finding.js';

const DAY_MS = 86_400_000;
/** Time enough for a rotation or a new Wave with its approvals. */
const SOON_DAYS = 30;

/**
 * What the Factory has published: inside the subset of JSON that everybody reads alike, verified from the pinned root
 * on, and for how long it is still good.
 */
export async function checkPublished(port: FactoryPort, { pins, policy }: Trusted, now: Date): Promise<Finding[]> {
  const trustedSha256 = pins.firstRootSha256[port.name];
  const todo = 'see what the message names; nothing can be signed over documents that do not verify';
  const root = async (repository: 'ci' | 'production'): Promise<RootMetadata> => {
    const { version } = factoryOf(policy.policy, port.name).firstRoot;
    return verifyRootChain(
      (await port.rootChain(repository, version)).map((bytes) => parseRoot(bytes)),
      { trustedSha256 },
    );
  };
  const findings: Finding[] = [];
  for (const repository of ['ci', 'production'] as const) {
    const check = `${repository} root of ${port.name}`;
    findings.push(
      ...(await examine(check, todo, async () => [
        judge(check, (await root(repository)).signed, now, 'rotate the root'),
      ])),
    );
  }
  const ci = `CI targets of ${port.name}`;
  findings.push(
    ...(await examine(ci, todo, async () => {
      const targets = parseTargets(await port.ciTargets());
      verifyTargets(await root('ci'), targets);
      return [judge(ci, targets.signed, now, 'let the Factory build a new Target')];
    })),
  );
  const waves = `Waves of ${port.name}`;
  findings.push(
    ...(await examine(waves, todo, async () => {
      const tags = [...new Set((await port.waves()).map(({ tag }) => tag))].sort();
      const judged = await Promise.all(tags.map(async (tag) => judgeTag(port, tag, await root('production'), now)));
      return tags.length === 0 ? [ok(waves, 'none yet')] : judged.flat();
    })),
  );
  return findings;
}

function judgeTag(port: FactoryPort, tag: string, root: RootMetadata, now: Date): Promise<Finding[]> {
  const check = `production targets ${tag} of ${port.name}`;
  return examine(check, 'publish a new Wave for this tag', async () => {
    const bytes = await port.productionTargets(tag);
    if (bytes === null) return [ok(check, 'none yet')];
    const targets = parseTargets(bytes);
    verifyTargets(root, targets);
    return [judge(check, targets.signed, now, 'ask for a Wave that sets a later expiry')];
  });
}

function judge(check: string, { version, expires }: Signed, now: Date, todo: string): Finding {
  const days = Math.floor((Date.parse(expires) - now.getTime()) / DAY_MS);
  if (days < 0) return fail(check, `version ${version} expired at ${expires}`, todo);
  const message = `version ${version} verifies, good for ${days} more days (until ${expires})`;
  return days < SOON_DAYS ? warn(check, message, todo) : ok(check, message);
}
