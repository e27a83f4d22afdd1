import type { RootStatement } from '../../dossier/index.js';
import type { StoredSignature } from '../store-port.js';

/** A signature that the statement asks for. */
export interface WantedSignature {
  /** Index into the statement's documents. */
  readonly document: number;
  readonly keyid: string;
}

/** What a root update asks of keys in tokens and does not have yet. */
export function missingSignatures(
  { documents }: RootStatement,
  there: readonly Pick<StoredSignature, 'document' | 'keyid'>[],
): WantedSignature[] {
  const names = new Set(there.map(({ document, keyid }) => `${document} ${keyid}`));
  return documents.flatMap(({ sign }, document) =>
    sign.flatMap((keyid) => (names.has(`${document} ${keyid}`) ? [] : [{ document, keyid }])),
  );
}

export function countWanted({ documents }: RootStatement): number {
  return documents.reduce((sum, { sign }) => sum + sign.length, 0);
}
