import type { Repository } from '../../factory/index.js';
import { factoryOf } from '../../policy/index.js';
import { parseRoot, type RootMetadata } from '../../tuf/index.js';
import type { Context } from '../context.js';
import { fetchRootChain, parseServed } from '../fetch-base.js';
import { isOurs } from './check-upstream.js';
import { rootStatementOf } from './stored-root.js';
import { stagedChangelog } from './transaction.js';

interface Changelog {
  readonly polisId: string;
  readonly message: string;
  readonly timestamp: string;
}

/** One published root, for people. */
export interface RootDescription {
  readonly version: number;
  readonly expires: string;
  readonly sha256: string;
  readonly changelog: Changelog | null;
  readonly roles: Readonly<Record<string, { readonly keyids: readonly string[]; readonly threshold: number }>>;
  readonly keys: readonly {
    readonly keyid: string;
    readonly keytype: string;
    readonly roles: readonly string[];
    readonly owner: { readonly polisId: string; readonly createdAt: string } | null;
  }[];
}

export interface RootChains {
  readonly factory: string;
  /** The first one first. */
  readonly ci: readonly RootDescription[];
  readonly production: readonly RootDescription[];
}

export interface RootTransactionView {
  readonly factory: string;
  readonly status: string;
  readonly transaction: 'none' | 'ours' | 'foreign';
  /** Whose it is, if it is ours. */
  readonly request: string | null;
  readonly changelog: Changelog | null;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Both chains, each verified from the pinned root on. @throws what fetchRootChain throws */
export async function showRoots(context: Context, factory: string): Promise<RootChains> {
  const port = context.factory(factory);
  const policyFactory = factoryOf(context.policy.policy, factory);
  const chain = async (repository: Repository): Promise<RootDescription[]> => {
    const { bytes } = await fetchRootChain(port, repository, policyFactory, context.pins, context.clock.now());
    return bytes.map((root) => describe(parseServed(parseRoot, root, `${repository} root`)));
  };
  const [ci, production] = await Promise.all([chain('ci'), chain('production')]);
  return { factory, ci, production };
}

/** @throws FACTORY_… */
export async function showTransaction(context: Context, factory: string): Promise<RootTransactionView> {
  const [status, holder] = await Promise.all([
    context.factory(factory).rootUpdate(),
    context.store.rootUpdates.findHolder(factory),
  ]);
  const ours = holder !== null && isOurs(status, rootStatementOf(holder));
  const none = status.status === 'NONE';
  return {
    factory,
    status: status.status,
    transaction: none ? 'none' : ours ? 'ours' : 'foreign',
    request: ours ? holder.id : null,
    changelog: none ? null : stagedChangelog(status),
    errors: status.errors,
    warnings: status.warnings,
  };
}

function describe({ signed, sha256 }: RootMetadata): RootDescription {
  const { version, expires, roles, keys, 'x-changelog': changelog, 'x-key-owners': owners = {} } = signed;
  return {
    version,
    expires,
    sha256,
    changelog: changelogOf(changelog),
    roles: Object.fromEntries(
      Object.entries(roles).map(([role, { keyids, threshold }]) => [role, { keyids: [...keyids], threshold }]),
    ),
    keys: Object.entries(keys).map(([keyid, { keytype }]) => ({
      keyid,
      keytype,
      roles: Object.entries(roles).flatMap(([role, { keyids }]) => (keyids.includes(keyid) ? [role] : [])),
      owner: ownerOf(owners[keyid]),
    })),
  };
}

function changelogOf(changelog: RootMetadata['signed']['x-changelog']): Changelog | null {
  if (changelog === undefined) return null;
  const { 'polis-id': polisId, message, timestamp } = changelog;
  return { polisId: textOf(polisId), message: textOf(message), timestamp: textOf(timestamp) };
}

function ownerOf(owner: unknown): RootDescription['keys'][number]['owner'] {
  if (typeof owner !== 'object' || owner === null) return null;
  const members = new Map<string, unknown>(Object.entries(owner));
  return { polisId: textOf(members.get('polis-id')), createdAt: textOf(members.get('created-at')) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
