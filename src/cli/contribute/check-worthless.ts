import type { Repository } from '../../factory/index.js';
import { findInRole, signOffline, type OfflineKey } from '../../offline-keys/index.js';
import { checkThreshold, encodeCanonical, keyidOf, type RootMetadata } from '../../tuf/index.js';

/** A key that devices with the newest roots still listen to. */
export interface StandingKey {
  readonly from: string;
  readonly keyid: string;
  readonly role: string;
  readonly repository: Repository;
  readonly version: number;
}

/** How many signatures devices counted of those that the keys made in the trial. */
export interface Trial {
  readonly repository: Repository;
  readonly role: 'root' | 'targets';
  readonly made: number;
  readonly counted: number;
}

/**
 * What keys outside of tokens are still good for: which of them the newest roots name, and, tried out in memory, how many of
 * their signatures count under those roots for a next root and for production targets. Nothing that was signed in the trial leaves
 * this function.
 *
 * @param roots newest of both repositories, verified from the pinned ones on
 * @param chains all of them, for the keyids that the keys once had
 */
export function checkWorthless(
  keys: readonly OfflineKey[],
  chains: Readonly<Record<Repository, readonly RootMetadata[]>>,
): { standing: StandingKey[]; trials: Trial[] } {
  const results = (['ci', 'production'] as const).map((repository) => {
    const newest = chains[repository].at(-1);
    return newest === undefined
      ? { standing: [], trials: [] }
      : checkUnder(newest, repository, keys, chains[repository]);
  });
  return {
    standing: results.flatMap(({ standing }) => standing),
    trials: results.flatMap(({ trials }) => trials),
  };
}

function checkUnder(
  newest: RootMetadata,
  repository: Repository,
  keys: readonly OfflineKey[],
  chain: readonly RootMetadata[],
): { standing: StandingKey[]; trials: Trial[] } {
  const { signed } = newest;
  const standing = Object.keys(signed.roles).flatMap((role) =>
    findInRole(keys, signed, role).map(({ keyid, offline: { from } }) => ({
      from,
      keyid,
      role,
      repository,
      version: signed.version,
    })),
  );
  const nextRoot = encodeCanonical({ ...signed, version: signed.version + 1 });
  const targets = encodeCanonical({ _type: 'Targets', expires: signed.expires, targets: {}, version: 1 });
  const trials = (
    [
      ['root', nextRoot],
      ['targets', targets],
    ] as const
  ).map(([role, signedBytes]) => {
    const signatures = namesOf(keys, chain).map(({ keyid, key }) => signOffline(key, keyid, signedBytes));
    const { signed: counted } = checkThreshold({ signedBytes, signatures }, signed, role);
    return { repository, role, made: signatures.length, counted: counted.length };
  });
  return { standing, trials };
}

/** Each key under every keyid that it ever had in a root, and under the one that it would get today. */
function namesOf(keys: readonly OfflineKey[], chain: readonly RootMetadata[]): { keyid: string; key: OfflineKey }[] {
  const names = new Map<string, OfflineKey>(keys.map((key) => [keyidOf(key.key), key]));
  for (const { signed } of chain) {
    for (const role of Object.keys(signed.roles)) {
      for (const { keyid, offline } of findInRole(keys, signed, role)) names.set(keyid, offline);
    }
  }
  return [...names].map(([keyid, key]) => ({ keyid, key }));
}
