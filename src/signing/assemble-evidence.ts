import { CountersignError } from '../errors.js';
import { readJournalSignatures } from '../dossier/index.js';
import { assembleDossier } from './assemble-dossier.js';
import type { Context } from './context.js';
import { loadJournals } from './root/load-journals.js';
import type { StoredRequest } from './store-port.js';

/**
 * What proves years later, to whoever holds the pins, how a request came to be signed: its dossier and the signer's journal from the
 * decision to the last signature. The journal is asked each time, and nothing of it is kept here: it is the signer's to tell. Only
 * what another signer told comes from the store, since nobody here could ask that one.
 *
 * @throws REQUEST_STATE, and the signer's codes
 */
export async function assembleEvidence(
  context: Context,
  request: StoredRequest,
): Promise<AsyncIterable<string> | Iterable<string>> {
  const signatures = await context.store.requests.signatures(request.id);
  if (signatures.length === 0) {
    throw new CountersignError('REQUEST_STATE', 'nothing is signed, so there is no evidence of it', {
      hint: 'The dossier has everything that there is until then.',
      details: { state: request.state },
    });
  }
  const others = await loadJournals(context, request);
  const ofOthers = others.reduce((sum, lines) => sum + readJournalSignatures(lines).length, 0);
  if (signatures.length === ofOthers) return assembleDossier(context, request, others);
  const { lines } = await context.signer.journal(request.statementSha256);
  return assembleDossier(context, request, [lines, ...others]);
}
