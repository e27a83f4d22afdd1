import { findRequestKeys, type FactoryPort, type RequestKey } from '../../signing/index.js';
import { publishedChain } from '../root/load-roots.js';
import { examine, fail, ok, warn, type Finding } from './finding.js';

/**
 * Whether there are request keys for who asks through the gateway, and none ever came into a root: there it would be a key that
 * devices trust, on somebody's computer.
 *
 * @param keys all there ever were for this Factory
 * @param pin SHA-256 of its first root; without one its roots cannot be judged
 * @param isAskedFor whether the gateway is configured, so that somebody should have keys
 */
export function checkRequestKeys(
  port: Pick<FactoryPort, 'name' | 'rootChain'>,
  keys: readonly RequestKey[],
  { pin, isAskedFor }: { readonly pin: string | undefined; readonly isAskedFor: boolean },
): Promise<Finding[]> {
  const check = `request keys of ${port.name}`;
  return examine(check, 'see what the message names', async () => {
    const found = keys.length === 0 || pin === undefined ? [] : await inRoots(port, keys, pin);
    const todo = 'treat it as a stolen key: take it out with a root update (countersign root), and revoke its set';
    return [
      ...countUsed(check, keys, isAskedFor),
      ...found.map(({ keyid, name }) => fail(check, `${keyid} of ${name} stands in a published root`, todo)),
    ];
  });
}

async function inRoots(
  port: Pick<FactoryPort, 'rootChain'>,
  keys: readonly RequestKey[],
  pin: string,
): Promise<RequestKey[]> {
  const chains = await Promise.all([publishedChain(port, 'ci', pin), publishedChain(port, 'production', pin)]);
  return findRequestKeys(
    chains.flat().map(({ signed }) => signed),
    keys,
  );
}

function countUsed(check: string, keys: readonly RequestKey[], isAskedFor: boolean): Finding[] {
  const used = new Set(keys.flatMap(({ set, revoked }) => (revoked === null ? [set] : [])));
  if (used.size > 0) return [ok(check, `${used.size} set(s) in use`)];
  const todo = 'have everybody who asks with fioctl run countersign request-key create';
  return isAskedFor ? [warn(check, 'nobody has any, so that fioctl can ask for nothing', todo)] : [];
}
