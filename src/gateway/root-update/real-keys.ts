import type { RequestKey } from '../../signing/index.js';
import type { Key, Root } from '../../tuf/index.js';

/**
 * The root with the real keys back in it where the caller was shown request keys. A key that is not just what was shown stays
 * what it is, for the diff to find.
 *
 * @param shownAs what stood under real keyids in the caller's view
 * @param real keys of the roots that were shown, by keyid
 */
export function withRealKeys(
  root: Root,
  shownAs: ReadonlyMap<string, RequestKey>,
  real: Readonly<Record<string, Key>>,
): Root {
  const keys = Object.entries(root.keys).map(([keyid, key]): [string, Key] => {
    const shown = shownAs.get(keyid);
    const known = Object.hasOwn(real, keyid) ? real[keyid] : undefined;
    return [keyid, shown !== undefined && known !== undefined && isSame(shown.key, key) ? known : key];
  });
  return { ...root, keys: Object.fromEntries(keys) };
}

/** fioctl writes keys as they were served. */
function isSame(shown: Key, key: Key): boolean {
  return shown.keytype === key.keytype && shown.keyval.public === key.keyval.public;
}
