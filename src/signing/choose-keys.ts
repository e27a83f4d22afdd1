import { CountersignError } from '../errors.js';
import { offlineTargetsKeyids } from '../dossier/index.js';
import { keyidOf, type Root } from '../tuf/index.js';
import type { SignerKey } from './ports.js';

/**
 * Chooses the keys to sign production targets with: offline targets keys of the production root that the signer
 * holds, in the root's order, just so many that with the online signatures the threshold is met. Keys are matched by
 * their public value: a root may name one by a keyid of its own making.
 *
 * @param onlineKeyids keys that sign, or have signed, without this service
 * @throws KEY_NOT_FOUND if the signer holds too few
 */
export function chooseKeys(
  factory: string,
  productionRoot: Root,
  onlineKeyids: readonly string[],
  signerKeys: readonly SignerKey[],
): string[] {
  const held = new Map<string, SignerKey>();
  for (const key of signerKeys) {
    const other = key.role !== 'targets' || (key.factory !== undefined && key.factory !== factory);
    if (!other) held.set(keyidOf(key.public), key);
  }
  const offline = offlineTargetsKeyids(productionRoot, onlineKeyids);
  const candidates = offline.flatMap((keyid) => {
    const rootKey = productionRoot.keys[keyid];
    const key = rootKey === undefined ? undefined : held.get(keyidOf(rootKey));
    return key === undefined ? [] : [{ keyid, active: key.state === 'active' }];
  });
  const role = productionRoot.roles['targets'];
  const threshold = role?.threshold ?? 1;
  const online = (role?.keyids ?? []).filter((keyid) => onlineKeyids.includes(keyid)).length;
  const needed = Math.max(1, threshold - online);
  if (candidates.length < needed) {
    throw new CountersignError(
      'KEY_NOT_FOUND',
      `the signer holds ${candidates.length} of the ${needed} offline targets keys that it has to be signed with`,
      {
        hint: 'See `countersign key list` and the targets role of the production root: they must name the same keys.',
        details: { factory, rootVersion: productionRoot.version, threshold, needed, offlineKeyids: offline },
      },
    );
  }
  // Keys whose token is there now come first; otherwise the root's order stays.
  const [active, absent] = [candidates.filter((key) => key.active), candidates.filter((key) => !key.active)];
  const chosen = new Set([...active, ...absent].slice(0, needed).map(({ keyid }) => keyid));
  return offline.filter((keyid) => chosen.has(keyid));
}
