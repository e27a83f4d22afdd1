import { CountersignError } from '../errors.js';
import { assembleDossier } from './assemble-dossier.js';
import type { Context } from './context.js';
import type { StoredRequest } from './store-port.js';

/**
 * What proves years later, to whoever holds the pins, how a request came to be signed: its dossier and the signer's journal from the
 * decision to the last signature. The journal is asked each time, and nothing of it is kept here: it is the signer's to tell.
 *
 * @throws REQUEST_STATE, and the signer's codes
 */
export async function assembleEvidence(
  context: Context,
  request: StoredRequest,
): Promise<AsyncIterable<string> | Iterable<string>> {
  if ((await context.store.requests.signatures(request.id)).length === 0) {
    throw new CountersignError('REQUEST_STATE', 'nothing is signed, so there is no evidence of it', {
      hint: 'The dossier has everything that there is until then.',
      details: { state: request.state },
    });
  }
  const { lines } = await context.signer.journal(request.statementSha256);
  return assembleDossier(context, request, lines);
}
