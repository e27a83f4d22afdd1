import { inGoOrder } from '../../../scripts/demo/fioctl-roots.js';
import type { Root } from '../../../src/tuf/index.js';

/**
 * The root that fioctl makes of one that it is served: what it changed in the recording is changed here. A key that went stood in the same
 * place of the same role; one that came is fioctl's own and the same.
 */
export function withRecordedChange(served: Root, recorded: { readonly served: Root; readonly put: Root }): Root {
  const changes = Object.entries(recorded.put.roles).map(([role, { keyids, threshold }]) => {
    const before = recorded.served.roles[role] ?? { keyids: [], threshold };
    const here = served.roles[role] ?? { keyids: [], threshold };
    const stays = (_keyid: string, at: number): boolean => {
      const there = before.keyids[at];
      return there === undefined || keyids.includes(there);
    };
    return {
      role,
      went: here.keyids.filter((keyid, at) => !stays(keyid, at)),
      came: keyids.filter((keyid) => !before.keyids.includes(keyid)),
      stayed: here.keyids.filter(stays),
      threshold: threshold === before.threshold ? here.threshold : threshold,
    };
  });
  const went = changes.flatMap((change) => change.went);
  const came = changes.flatMap((change) => change.came);
  const changed = <T>(here: Readonly<Record<string, T>> = {}, put: Readonly<Record<string, T>> = {}) => {
    const stayed = Object.entries(here).filter(([keyid]) => !went.includes(keyid));
    const added = Object.entries(put).filter(([keyid]) => came.includes(keyid));
    return sorted([...stayed, ...added]);
  };
  const { expires } = recorded.put;
  return inGoOrder({
    ...served,
    expires: expires === recorded.served.expires ? served.expires : expires,
    keys: changed(served.keys, recorded.put.keys),
    roles: sorted(
      changes.map(({ role, stayed, came, threshold }) => [role, { keyids: [...stayed, ...came], threshold }]),
    ),
    'x-key-owners': changed(served['x-key-owners'], recorded.put['x-key-owners']),
  });
}

/** Go writes maps in this order. */
function sorted<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
