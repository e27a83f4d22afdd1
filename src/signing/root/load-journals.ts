import { readJournalLines, type JournalLine } from '../../dossier/index.js';
import type { Context } from '../context.js';
import type { StoredRequest } from '../store-port.js';

/** The journals of other signers about a request, as they were handed in. */
export async function loadJournals(context: Context, { root }: StoredRequest): Promise<JournalLine[][]> {
  const texts = (root?.journals ?? []).map((sha256) => context.store.blobs.get(sha256));
  return (await Promise.all(texts)).map(readJournalLines);
}
