import { CountersignError } from '../../errors.js';
import type { AnsweredRoots, RootChange } from '../../factory/index.js';
import { parseRoot } from '../../tuf/index.js';
import { parseServed } from '../fetch-base.js';
import type { FactoryRoots, RootUpdateStatus } from '../root-update-port.js';

type Changelog = Omit<Extract<RootChange, { op: 'changelog' }>, 'op'>;

/** What stands in the changelog of the roots that are staged: who began the transaction, and what for. Null where there is none. */
export function stagedChangelog({ updated }: RootUpdateStatus): Changelog | null {
  const changelog = updated === null ? undefined : answeredRoots(updated).ci['x-changelog'];
  if (changelog === undefined) return null;
  const { 'polis-id': polisId, message, timestamp } = changelog;
  return typeof polisId === 'string' && typeof message === 'string' && typeof timestamp === 'string'
    ? { polisId, message, timestamp }
    : null;
}

/** @throws FACTORY_ANSWER_INVALID */
export function answeredRoots({ ci, production, onlineKeys }: FactoryRoots): AnsweredRoots {
  return {
    ci: parseServed(parseRoot, ci, 'staged CI root').signed,
    production: production === null ? null : parseServed(parseRoot, production, 'staged production root').signed,
    onlineKeys,
  };
}

/** The request that a changelog's message names at its end. */
const OF_REQUEST = /\(Countersign (req_[0-9a-z]{26})\)$/;

/** The request of Countersign that the transaction at the Factory was begun for, of this service or of another one. */
export function requestNamedIn(status: RootUpdateStatus): string | null {
  return OF_REQUEST.exec(stagedChangelog(status)?.message ?? '')?.[1] ?? null;
}

/**
 * That somebody else's root update is in the way, with who began it and what for.
 *
 * @param forgotten the request that it names, if this service has none of that id
 */
export function foreignTransaction(status: RootUpdateStatus, forgotten: string | null): CountersignError {
  const changelog = stagedChangelog(status);
  const by = status.begun.by ?? changelog?.polisId ?? 'somebody';
  const what = changelog === null ? '' : `: ${printable(changelog.message)}`;
  return new CountersignError('ROOT_UPDATE_ACTIVE', `a root update of ${printable(by)} is under way${what}`, {
    hint:
      forgotten === null
        ? 'It has to be applied or cancelled first (fioctl keys tuf updates review).'
        : `This service has no request ${forgotten}: was its database put back from an older copy? Then take the update back at the Factory itself (fioctl keys tuf updates cancel, not by the gateway), and ask again.`,
    details: { status: printable(status.status), by: printable(by), at: printable(status.begun.at ?? 'unknown') },
  });
}

/** That our root update is not at the Factory any more. */
export function lostTransaction(status: RootUpdateStatus): CountersignError {
  const now = status.status === 'NONE' ? '' : '; another one is under way';
  return new CountersignError('ROOT_UPDATE_LOST', `the Factory does not have this root update any more${now}`, {
    hint: 'Somebody cancelled it there.',
    details: { status: printable(status.status) },
  });
}

/** The Factory's texts end on terminals. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200);
}
