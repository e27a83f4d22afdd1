import { describeRoot, type Repository, type RootDescription } from '../../factory/index.js';
import { factoryOf } from '../../policy/index.js';
import { parseRoot } from '../../tuf/index.js';
import type { Context } from '../context.js';
import { fetchRootChain, parseServed } from '../fetch-base.js';
import { findStagedRequestKeys } from '../request-keys/in-roots.js';
import { isOurs } from './check-upstream.js';
import { rootStatementOf } from './stored-root.js';
import { stagedChangelog } from './transaction.js';

interface Changelog {
  readonly polisId: string;
  readonly message: string;
  readonly timestamp: string;
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
  /** Request keys that it would bring into the roots. Nothing here ever signs that. */
  readonly requestKeys: readonly { readonly keyid: string; readonly name: string }[];
}

/** Both chains, each verified from the pinned root on. @throws what fetchRootChain throws */
export async function showRoots(context: Context, factory: string): Promise<RootChains> {
  const port = context.factory(factory);
  const policyFactory = factoryOf(context.policy.policy, factory);
  const chain = async (repository: Repository): Promise<RootDescription[]> => {
    const { bytes } = await fetchRootChain(port, repository, policyFactory, context.pins, context.clock.now());
    return bytes.map((root) => describeRoot(parseServed(parseRoot, root, `${repository} root`)));
  };
  const [ci, production] = await Promise.all([chain('ci'), chain('production')]);
  return { factory, ci, production };
}

/** @throws FACTORY_… */
export async function showTransaction(context: Context, factory: string): Promise<RootTransactionView> {
  const [status, requests] = await Promise.all([
    context.factory(factory).rootUpdate(),
    context.store.rootUpdates.list(factory),
  ]);
  // also that of a request which came to nothing, until it is taken back
  const ours = requests.find(
    ({ root, ...request }) => root?.transaction === 'open' && isOurs(status, rootStatementOf(request)),
  );
  const none = status.status === 'NONE';
  const staged = none ? [] : await findStagedRequestKeys(context, factory, status);
  return {
    factory,
    status: status.status,
    transaction: none ? 'none' : ours === undefined ? 'foreign' : 'ours',
    request: ours?.id ?? null,
    changelog: none ? null : stagedChangelog(status),
    errors: status.errors,
    warnings: status.warnings,
    requestKeys: staged.map(({ keyid, name }) => ({ keyid, name })),
  };
}
