import { CountersignError, isCountersignError } from '../errors.js';
import { parseStatement, requireKind } from '../dossier/index.js';
import { factoryOf } from '../policy/index.js';
import { parseTargets, serializeMetadata, verifyTargets } from '../tuf/index.js';
import { checkFresh } from './check-fresh.js';
import { checkWayFree } from './check-way-free.js';
import type { Context } from './context.js';
import { fetchRootChain, parseServed } from './fetch-base.js';
import { findPublished, type DeliveredWave, type Found } from './find-published.js';
import { abandon, eventOf } from './move.js';
import type { FactoryPort } from './ports.js';
import { AGAIN, type StepResult } from './step-result.js';
import type { StoredRequest } from './store-port.js';

/** The Factory read the document and does not want it; other refusals (a conflict, a lock) may pass. */
const FINAL_STATUSES: readonly unknown[] = [400, 413, 422];

/**
 * Brings a signed Wave to the Factory and sees that it is there. Each time it begins with what the Factory has, so it
 * may be repeated after any crash and any lost answer, and nothing is ever sent blindly again.
 *
 * @throws FACTORY_…, THRESHOLD_NOT_MET (the Factory has not put its own signature to it yet), METADATA_EXPIRED, …
 */
export async function deliverRequest(context: Context, request: StoredRequest): Promise<StepResult> {
  const port = context.factory(request.factory);
  const [entry] = requireKind(parseStatement(request.statement), 'wave').documents;
  const wave = { name: entry.wave, tag: entry.tag, version: entry.version, sha256: entry.sha256 };

  let found = await findPublished(port, wave);
  if (found.state === 'absent') {
    const hindrance = await checkDeliverable(context, port, request, entry.expires);
    if (hindrance !== null) return hindrance;
    found = await post(context, port, request, wave);
  }
  if (found.state === 'conflict') return giveUp(context, request, found.error);
  if (found.state === 'absent') {
    throw new CountersignError('FACTORY_ANSWER_INVALID', `the Factory took Wave ${wave.name} and does not show it`);
  }
  await verifyLikeDevice(context, port, request, found.metadata);
  await context.step('deliver:after-fetch', request.id);
  const delivered = await context.store.requests.transition(
    request.id,
    { from: ['signed'], to: 'delivered', at: context.clock.now().toISOString(), published: found.metadata },
    [eventOf(context, 'delivered', request, { details: { wave: wave.name, document: wave.sha256 } })],
  );
  await context.step('deliver:after-store', request.id);
  if (delivered) context.changed(request.id);
  return AGAIN;
}

/** What keeps a signed Wave from being sent: for good, or for now. */
async function checkDeliverable(
  context: Context,
  port: FactoryPort,
  request: StoredRequest,
  expires: string,
): Promise<StepResult | null> {
  if (Date.parse(expires) <= context.clock.now().getTime()) {
    const error = new CountersignError('METADATA_EXPIRED', `the Wave expired at ${expires}, before it was delivered`);
    return giveUp(context, request, error);
  }
  const [stale, obstacle] = await Promise.all([checkFresh(port, request), checkWayFree(port, request)]);
  if (stale !== null) return giveUp(context, request, stale);
  return obstacle === null ? null : { then: 'retry', error: obstacle };
}

/** Sends it once and looks, whatever the answer was: a lost one says nothing, and a refusal may be of a repeat. */
async function post(context: Context, port: FactoryPort, request: StoredRequest, wave: DeliveredWave): Promise<Found> {
  await context.step('deliver:before-post', request.id);
  const metadata = await signedMetadata(context, request);
  let refusal: CountersignError | null = null;
  try {
    await port.createWave({ name: wave.name, version: wave.version, tag: wave.tag, metadata });
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    refusal = error;
    context.logger.warn('sending a Wave failed', { request: request.id, error });
  }
  await context.step('deliver:after-post', request.id);
  const found = await findPublished(port, wave);
  if (found.state !== 'absent' || refusal === null) return found;
  if (isCountersignError(refusal, 'FACTORY_REFUSED') && FINAL_STATUSES.includes(refusal.details?.['status'])) {
    return { state: 'conflict', error: refusal };
  }
  throw refusal;
}

/** The signed targets metadata as this service makes it: with the offline signatures alone. */
export async function signedMetadata(context: Context, request: StoredRequest): Promise<Buffer> {
  const [entry] = requireKind(parseStatement(request.statement), 'wave').documents;
  const [signatures, signedBytes] = await Promise.all([
    context.store.requests.signatures(request.id),
    context.store.blobs.get(entry.sha256),
  ]);
  return serializeMetadata({
    signatures: signatures.map(({ keyid, method, sig }) => ({ keyid, method, sig })),
    signedBytes,
  });
}

/** As a device does: over the whole root chain from the pinned root, by the production root's threshold, unexpired. */
async function verifyLikeDevice(
  context: Context,
  port: FactoryPort,
  request: StoredRequest,
  metadata: Buffer,
): Promise<void> {
  const now = context.clock.now();
  const factory = factoryOf(context.policy.policy, request.factory);
  const { last } = await fetchRootChain(port, 'production', factory, context.pins, now);
  verifyTargets(last, parseServed(parseTargets, metadata, 'Wave'), { now });
}

async function giveUp(context: Context, request: StoredRequest, error: CountersignError): Promise<StepResult> {
  await abandon(context, request, { error });
  return AGAIN;
}
