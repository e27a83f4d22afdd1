import { findMissingSigners, type MissingSigners, type RootStatement } from '../../dossier/index.js';
import { applyRootChanges, type RootChange } from '../../factory/index.js';
import { isCountersignError } from '../../errors.js';
import type { Context } from '../context.js';
import type { SignerProgress } from '../ports.js';
import type { RequestRoot } from '../service.js';
import type { NewRequest, StoredExternalSignature, StoredRequest, StoredSignature } from '../store-port.js';
import { describeMissing } from './describe-missing.js';
import { loadRootBase, rootStatementOf } from './stored-root.js';

/** What a stored request of kind `root` is shown with besides; null for others. */
export async function rootViewOf(
  context: Context,
  request: StoredRequest,
  signatures: readonly StoredSignature[],
  approved: boolean,
): Promise<RequestRoot | null> {
  if (request.kind !== 'root') return null;
  const statement = rootStatementOf(request);
  const externals = await context.store.rootUpdates.externals(request.id);
  const open = request.state === 'preparing' || request.state === 'open';
  const signing = request.state === 'open' && approved;
  const progress = signing ? await progressOf(context, request) : null;
  return {
    ...describe(statement),
    missingSigners: open ? await missingOf(context, request, statement, externals) : [],
    missingSignatures: signing ? await describeMissing(context, request, statement, signatures) : [],
    externals: externals.map(({ document, keyid }) => ({ document, keyid })),
    rebuiltFrom: request.root?.rebuiltFrom ?? null,
    rebuiltAs: request.root?.rebuiltAs ?? null,
    ...(progress === null ? {} : { progress }),
  };
}

async function missingOf(
  context: Context,
  request: StoredRequest,
  { changes, documents: [{ sign }] }: RootStatement,
  externals: readonly StoredExternalSignature[],
): Promise<MissingSigners[]> {
  const { signers } = applyRootChanges(changes, await loadRootBase(context, request));
  return findMissingSigners(sign, signers, externals);
}

/** One that was worked out for a dry run. */
export function rootPreviewOf(request: NewRequest): RequestRoot | null {
  if (request.kind !== 'root') return null;
  const more = { missingSigners: [], missingSignatures: [], externals: [], rebuiltFrom: null, rebuiltAs: null };
  return { ...describe(rootStatementOf(request)), ...more };
}

function describe({ base, changes, documents }: RootStatement) {
  const reSigned = documents.length - 2;
  const again = reSigned === 0 ? [] : [`${reSigned} documents signed again`];
  return {
    version: base.root.version + 1,
    summary: [...changes.flatMap(inWords), ...again].join('; ') || 'the same roots once more',
    reSigned,
  };
}

function inWords(change: RootChange): string[] {
  switch (change.op) {
    case 'replace-online-key':
      return [`the Factory's new key of ${change.role}`];
    case 'replace-key':
      return [`replace key of ${change.role}`];
    case 'remove-key':
      return [`remove key of ${change.role}`];
    case 'add-key':
      return [`add key of ${change.role}`];
    case 'set-threshold':
      return [`threshold of ${change.role} ${change.threshold}`];
    case 'set-expires':
      return [`expires ${change.expires}`];
    case 'changelog':
    case 're-sign':
    case 'adopt':
      return [];
  }
}

/** Whoever looks is not refused because the signer does not answer. */
async function progressOf(context: Context, request: StoredRequest): Promise<SignerProgress | null> {
  try {
    return await context.signer.progress(request.statementSha256);
  } catch (error) {
    if (isCountersignError(error)) return null;
    throw error;
  }
}
