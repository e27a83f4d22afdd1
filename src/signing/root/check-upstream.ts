import { CountersignError, isCountersignError, type ErrorCode } from '../../errors.js';
import type { RootStatement } from '../../dossier/index.js';
import { checkTargetsDocument, planRootUpdate, ReSigning, type RootBase } from '../../factory/index.js';
import { parseRoot } from '../../tuf/index.js';
import { parseServed } from '../fetch-base.js';
import type { FactoryPort } from '../ports.js';
import type { RootUpdateStatus } from '../root-update-port.js';
import { fetchServedTargets, parseServedTargets, type ServedTargets } from './fetch-root-base.js';
import { paced } from './paced.js';
import { lostTransaction, stagedChangelog } from './transaction.js';

/** Whether a root update still fits what the Factory has. */
export type Upstream =
  | { readonly state: 'fits' }
  /** It never will: another has to be made in its place. */
  | { readonly state: 'stale'; readonly error: CountersignError }
  /** Something passes first. */
  | { readonly state: 'later'; readonly error: CountersignError };

/** Refusals of the Factory's present documents under a request's changes: with other documents, other changes are needed. */
const OTHER_DOCUMENTS: readonly ErrorCode[] = [
  'RE_SIGN_DOCUMENT_UNKNOWN',
  'RE_SIGN_NOT_SIGNED',
  'RE_SIGN_NEEDLESS',
  'RE_SIGN_MISSING',
  'ADOPTED_DOCUMENT_MISMATCH',
];

/**
 * Looks whether the Factory still has what a root update builds on: our transaction, the roots in force, its online key, and
 * the documents that are to be signed again, no more and no fewer.
 *
 * @throws FACTORY_…
 */
export async function checkUpstream(port: FactoryPort, statement: RootStatement, base: RootBase): Promise<Upstream> {
  const [status, ci, production, served] = await Promise.all([
    port.rootUpdate(),
    port.rootChain('ci', statement.base.root.version),
    port.rootChain('production', statement.base.root.version),
    fetchServedTargets(port),
  ]);
  for (const [repository, chain] of [
    ['ci', ci],
    ['production', production],
  ] as const) {
    const newest = chain.at(-1);
    const digest = newest === undefined ? null : parseServed(parseRoot, newest, `${repository} root`).sha256;
    if (digest !== statement.base.root[repository]) return stale(`the ${repository} root is another one`);
  }
  if (!isOurs(status, statement)) return { state: 'stale', error: lostTransaction(status) };
  if (status.status === 'APPLYING') {
    return later(new CountersignError('DELIVERY_CONFLICT', 'the Factory is applying the root update'));
  }
  const { onlineTargetsKeyid } = planRootUpdate(statement.changes, base);
  if (status.updated?.onlineKeys.targets !== onlineTargetsKeyid) return stale('its online targets key is another one');
  return checkDocuments(statement, base, served);
}

/** Whether the transaction at the Factory is the one that this statement was written for. */
export function isOurs(status: RootUpdateStatus, { changes }: RootStatement): boolean {
  const ours = changes.find((change) => change.op === 'changelog');
  const staged = status.status === 'NONE' ? null : stagedChangelog(status);
  return (
    ours !== undefined &&
    staged?.polisId === ours.polisId &&
    staged.message === ours.message &&
    staged.timestamp === ours.timestamp
  );
}

async function checkDocuments(
  statement: RootStatement,
  base: RootBase,
  served: readonly ServedTargets[],
): Promise<Upstream> {
  const [, , ...stated] = statement.documents;
  const nameOf = (tag: string, wave: string | null, sha256: string) => `${tag} ${wave ?? ''} ${sha256}`;
  const wanted = new Set(stated.map(({ tag, wave, sha256 }) => nameOf(tag, wave, sha256)));
  try {
    const reSigning = new ReSigning(statement.changes, base);
    for await (const document of paced(parseServedTargets(served))) {
      const { tag, wave, metadata } = document;
      const { sha256 } = metadata;
      const identity = { tag, wave, version: metadata.signed.version, sha256 };
      const signing = reSigning.take(identity, checkTargetsDocument(document, base).signed);
      if (signing === null || wanted.delete(nameOf(tag, wave, sha256))) continue;
      return stale(`the targets of ${wave ?? tag} are others`);
    }
    reSigning.end();
  } catch (error) {
    if (isCountersignError(error, 'ROOT_WAVE_ACTIVE')) return later(error);
    if (isCountersignError(error) && OTHER_DOCUMENTS.includes(error.code)) return stale(error.message);
    throw error;
  }
  return wanted.size === 0 ? { state: 'fits' } : stale('documents that were to be signed again are gone');
}

function stale(what: string): Upstream {
  const error = new CountersignError('STALE_BASE', `the Factory changed since this was asked for: ${what}`, {
    hint: 'The same is asked for anew; officers have to see what it changes now.',
  });
  return { state: 'stale', error };
}

function later(error: CountersignError): Upstream {
  return { state: 'later', error };
}
