import { CountersignError } from '../../errors.js';
import { verifyBundleSignatures } from '../../factory/index.js';
import { parseOfflineBundle, parseRoot, serializeMetadata } from '../../tuf/index.js';
import type { Context } from '../context.js';
import { eventOf } from '../move.js';
import { AGAIN, type StepResult } from '../step-result.js';
import type { StoredRequest } from '../store-port.js';

/**
 * Puts a signed bundle together. There is nowhere to bring it: whoever asked fetches it, so it counts as delivered once it is
 * whole and verified as a device would.
 *
 * @throws THRESHOLD_NOT_MET, BUNDLE_SIGNATURE_INVALID
 */
export async function deliverBundle(context: Context, request: StoredRequest): Promise<StepResult> {
  const signed = await signedBundle(context, request);
  const root = parseRoot(await context.store.blobs.get(request.material.rootsProduction.at(-1) ?? '')).signed;
  const { missing, threshold } = verifyBundleSignatures(parseOfflineBundle(signed), root);
  if (missing > 0) {
    throw new CountersignError('THRESHOLD_NOT_MET', `the bundle lacks ${missing} of ${threshold} signatures`, {
      details: { missing, threshold },
    });
  }
  const delivered = await context.store.requests.transition(
    request.id,
    { from: ['signed'], to: 'delivered', at: context.clock.now().toISOString(), published: signed },
    [eventOf(context, 'delivered', request, { details: { document: request.material.documents[0] ?? '' } })],
  );
  await context.step('deliver:after-store', request.id);
  if (delivered) context.changed(request.id);
  return AGAIN;
}

/** The bundle with the signatures that it came with, then ours. */
export async function signedBundle(context: Context, request: StoredRequest): Promise<Buffer> {
  const [file, made] = await Promise.all([
    context.store.blobs.get(request.material.bundle ?? ''),
    context.store.requests.signatures(request.id),
  ]);
  const { signatures, signedBytes } = parseOfflineBundle(file);
  const ours = made.map(({ keyid, method, sig }) => ({ keyid, method, sig }));
  return serializeMetadata({ signatures: [...signatures, ...ours], signedBytes });
}
