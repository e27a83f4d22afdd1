import { CountersignError, isCountersignError, type ErrorCode } from '../errors.js';
import { parseStatement } from '../dossier/index.js';
import { checkThreshold, parseRoot } from '../tuf/index.js';
import { assembleDossier } from './assemble-dossier.js';
import { checkFresh, checkRootsFresh } from './check-fresh.js';
import { checkWayFree } from './check-way-free.js';
import { policyOf, type Context } from './context.js';
import { countApprovals } from './count-approvals.js';
import { close, eventOf } from './move.js';
import { newestReceipt } from './newest-receipt.js';
import type { FactoryPort, SignerSignature, SignResult } from './ports.js';
import { isTransient } from './retry.js';
import { showSigner } from './show-signer.js';
import { AGAIN, REST, type StepResult } from './step-result.js';
import type { ClosedBecause, StoredRequest } from './store-port.js';

/**
 * What is due for an open request: closed when its time is over or its base is gone; signed when its quorum is there.
 * A crash anywhere in between repeats it, and the signer answers a repeat with the same signatures.
 */
export async function signRequest(context: Context, request: StoredRequest): Promise<StepResult> {
  const now = context.clock.now();
  if (Date.parse(request.expires) <= now.getTime()) {
    await close(context, request, 'expired');
    return AGAIN;
  }
  if (request.material.policyVersion !== context.policy.policy.version) {
    await close(context, request, 'superseded', { error: olderPolicy(request) });
    return AGAIN;
  }
  const approvals = await context.store.requests.approvals(request.id);
  if (countApprovals(request, approvals, policyOf(context, request)).missing > 0) {
    await showSigner(context, request, approvals.length);
    return REST;
  }

  const port = context.factory(request.factory);
  const [hindrance, dossier, receipt] = await Promise.all([
    request.kind === 'bundle' ? checkBundleSignable(port, request) : checkWaveSignable(port, request),
    assembleDossier(context, request),
    newestReceipt(context),
  ]);
  if (hindrance?.because === null) return { then: 'retry', error: hindrance.error };
  if (hindrance !== null) {
    await close(context, request, hindrance.because, { error: hindrance.error });
    return AGAIN;
  }

  await context.step('sign:before-signer', request.id);
  let result: SignResult;
  try {
    result = await context.signer.sign(dossier, receipt);
  } catch (error) {
    return handleRefusal(context, request, error);
  }
  await context.step('sign:after-signer', request.id);
  await requireSignatures(context, request, result.signatures);

  const keyids = result.signatures.map(({ keyid }) => keyid);
  const { seq, hash } = result.journal;
  const moved = await context.store.requests.transition(
    request.id,
    { from: ['open'], to: 'signed', at: context.clock.now().toISOString(), signatures: result.signatures },
    [eventOf(context, 'signed', request, { details: { keyids, journalSeq: seq, journalHash: hash } })],
  );
  if (!moved) {
    // Rejected, cancelled or signed by another process while the signer worked: that stands, and these are thrown away.
    context.logger.warn('signatures came for a request that is not open any more', { request: request.id, keyids });
  }
  await context.step('sign:after-store', request.id);
  if (moved) context.changed(request.id);
  return AGAIN;
}

/** Why a request is not signed now: for good, closed as `because` says, or null for the time being. */
interface Hindrance {
  readonly because: ClosedBecause | null;
  readonly error: CountersignError;
}

async function checkWaveSignable(port: FactoryPort, request: StoredRequest): Promise<Hindrance | null> {
  const [stale, taken, obstacle] = await Promise.all([
    checkFresh(port, request),
    port.wave(request.wave?.name ?? ''),
    checkWayFree(port, request),
  ]);
  if (stale !== null) return { because: 'superseded', error: stale };
  if (taken !== null) return { because: 'conflict', error: nameTaken(taken.name, taken.status) };
  // Signed now, it could not be delivered now, and a signed document that lies about is a risk of its own.
  return obstacle === null ? null : { because: null, error: obstacle };
}

/** What production has by now does not matter: a bundle may go with older targets. */
async function checkBundleSignable(port: FactoryPort, request: StoredRequest): Promise<Hindrance | null> {
  const stale = await checkRootsFresh(port, request);
  return stale === null ? null : { because: 'superseded', error: stale };
}

/** Refusals after which this request can never be signed, and what that makes of it. */
const ENDINGS: ReadonlyMap<ErrorCode, ClosedBecause> = new Map([
  ['STATEMENT_EXPIRED', 'expired'],
  ['VETOED', 'rejected'],
  ['REJECTED', 'rejected'],
  ['WATERMARK_ISSUED', 'conflict'],
  ['WATERMARK_PUBLISHED', 'conflict'],
  ['REQUEST_ID_REUSED', 'conflict'],
  ['METADATA_EXPIRED', 'superseded'],
  ['STALE_BASE', 'superseded'],
  ['VERSION_ROLLBACK', 'superseded'],
]);

export async function handleRefusal(context: Context, request: StoredRequest, error: unknown): Promise<StepResult> {
  if (!isCountersignError(error) || isTransient(error)) return { then: 'retry', error };
  const because = ENDINGS.get(error.code);
  if (because === undefined) return { then: 'park', error };
  await close(context, request, because, { error });
  return AGAIN;
}

/** The signer verified what it made; the way from there to here is not trusted either. */
async function requireSignatures(
  context: Context,
  request: StoredRequest,
  signatures: readonly SignerSignature[],
): Promise<void> {
  const [entry] = parseStatement(request.statement).documents;
  const rootSha256 = request.material.rootsProduction.at(-1) ?? '';
  const root = parseRoot(await context.store.blobs.get(rootSha256)).signed;
  const signedBytes = await context.store.blobs.get(entry.sha256);
  const { signed } = checkThreshold({ signedBytes, signatures }, root, 'targets');
  const missing = entry.sign.filter((keyid) => !signed.includes(keyid));
  if (missing.length === 0) return;
  throw new CountersignError('SIGNATURE_WRONG', 'the signer answered without every valid signature it was asked for', {
    details: { request: request.id, missing },
  });
}

export function olderPolicy(request: StoredRequest): CountersignError {
  return new CountersignError('STALE_BASE', 'a newer policy is in force', {
    hint: 'Ask for it again: its officers and quorum count now.',
    details: { request: request.id },
  });
}

function nameTaken(wave: string, status: string): CountersignError {
  return new CountersignError('DELIVERY_CONFLICT', `the Factory has another Wave ${wave} by now (${status})`, {
    hint: 'Ask for it again under another name.',
    details: { wave, status },
  });
}
