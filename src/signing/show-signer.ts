import { assembleDossier } from './assemble-dossier.js';
import type { Context } from './context.js';
import { assembleRootForSigner } from './root/assemble-root-dossier.js';
import type { StoredRequest } from './store-port.js';

/** So many dossiers are remembered as shown; beyond, one may be shown again. */
const MOST_SHOWN = 1000;

/**
 * Has the signer verify a request's dossier while people still decide: it remembers what it verified, and so has little left
 * to do once the last approval is there. Nothing depends on it, so a failure stays where it is.
 */
export async function showSigner(context: Context, request: StoredRequest, approvals: number): Promise<void> {
  const { signer, shown, logger } = context;
  const name = `${request.id} ${approvals}`;
  if (signer.verify === undefined || shown.has(name)) return;
  if (shown.size >= MOST_SHOWN) shown.clear();
  shown.add(name);
  try {
    if (request.kind === 'root') {
      const { whole, abridged } = await assembleRootForSigner(context, request);
      await signer.verify(whole, abridged);
    } else await signer.verify(await assembleDossier(context, request));
  } catch (error) {
    logger.debug('the signer could not verify a dossier ahead of time', { request: request.id, error });
  }
}
