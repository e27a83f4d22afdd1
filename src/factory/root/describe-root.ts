import type { JsonObject, RootMetadata } from '../../tuf/index.js';

/** One root, for people and programs to read. Texts stand as they are in the document. */
export interface RootDescription {
  readonly version: number;
  readonly expires: string;
  readonly sha256: string;
  /** Why and by whom it was made; null in roots that do not say. */
  readonly changelog: { readonly polisId: string; readonly message: string; readonly timestamp: string } | null;
  readonly roles: Readonly<Record<string, { readonly keyids: readonly string[]; readonly threshold: number }>>;
  readonly keys: readonly {
    readonly keyid: string;
    readonly keytype: string;
    /** Which have it, in the root's order. */
    readonly roles: readonly string[];
    /** Null for the Factory's own keys, and in roots that do not say. */
    readonly owner: { readonly polisId: string; readonly createdAt: string } | null;
  }[];
}

export function describeRoot({ signed, sha256 }: RootMetadata): RootDescription {
  const changelog = textMembers(signed['x-changelog'], ['polis-id', 'message', 'timestamp']);
  return {
    version: signed.version,
    expires: signed.expires,
    sha256,
    changelog:
      changelog === null
        ? null
        : { polisId: changelog[0] ?? '', message: changelog[1] ?? '', timestamp: changelog[2] ?? '' },
    roles: Object.fromEntries(
      Object.entries(signed.roles).map(([role, { keyids, threshold }]) => [role, { keyids, threshold }]),
    ),
    keys: Object.entries(signed.keys).map(([keyid, { keytype }]) => ({
      keyid,
      keytype,
      roles: Object.entries(signed.roles).flatMap(([role, { keyids }]) => (keyids.includes(keyid) ? [role] : [])),
      owner: ownerOf(signed['x-key-owners'], keyid),
    })),
  };
}

function ownerOf(owners: JsonObject | undefined, keyid: string): { polisId: string; createdAt: string } | null {
  const owner = owners !== undefined && Object.hasOwn(owners, keyid) ? owners[keyid] : undefined;
  const members = textMembers(owner, ['polis-id', 'created-at']);
  return members === null ? null : { polisId: members[0] ?? '', createdAt: members[1] ?? '' };
}

/** The members of that name; one that is missing or no text is empty. Null if there is no object. */
function textMembers(value: unknown, names: readonly string[]): string[] | null {
  if (typeof value !== 'object' || value === null) return null;
  const members = new Map<string, unknown>(Object.entries(value));
  return names.map((name) => {
    const member = members.get(name);
    return typeof member === 'string' ? member : '';
  });
}
