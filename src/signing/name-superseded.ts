import { CountersignError } from '../errors.js';
import type { Statement } from '../dossier/index.js';
import type { UnpublishedDocument } from './ports.js';
import type { StoredRequest } from './store-port.js';

/** A statement, and documents that were or may have been signed for it. */
export interface SupersededStatement {
  readonly statement: string;
  readonly documents: readonly string[];
}

interface InTheWay {
  /** What the signer says that it signed at the new documents' version or above it, with other bytes, in its order. */
  readonly unpublished: readonly UnpublishedDocument[];
  /** What another signer has signed, or may have. */
  readonly elsewhere?: readonly SupersededStatement[];
  /** Requests that may be about any of these. */
  readonly requests: readonly StoredRequest[];
}

/**
 * What new documents name as superseded. The signer's journal tells of all that it signed, so it does not matter what this service remembers: a
 * database that was put back from an older copy is told by it what it has forgotten, and officers are told which documents these are.
 *
 * @throws WATERMARK_ISSUED nobody has the request of any of them, so there is no statement to name
 */
export function nameSuperseded({ unpublished, elsewhere = [], requests }: InTheWay): Statement['supersedes'] {
  const [one] = unpublished;
  if (one === undefined && elsewhere.length === 0) return null;
  const statement =
    unpublished.findLast((document) => document.statement !== null)?.statement ?? elsewhere[0]?.statement;
  if (statement === undefined) {
    throw new CountersignError('WATERMARK_ISSUED', `a key of ours has signed version ${one?.version ?? 0} already`, {
      pointer: '/version',
      hint: 'Its request was lost with an earlier journal, and it is not published. Ask for a version higher than that one.',
      details: { issued: one?.version ?? 0, sha256: one?.sha256 ?? '' },
    });
  }
  const named = [...unpublished.map(({ sha256 }) => sha256), ...elsewhere.flatMap((other) => other.documents)];
  const documents = [...new Set(named)].sort();
  const known = new Set(requests.flatMap(({ material }) => material.documents));
  const unknown = documents.filter((sha256) => !known.has(sha256));
  return { statement, documents, ...(unknown.length === 0 ? {} : { unknown }) };
}
