import type { BundleStatement } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { requireScope } from '../authorize.js';
import { findRequest, type Context } from '../context.js';
import { bindIdempotencyKey, findByIdempotencyKey, idempotencyKeyOf } from '../idempotency.js';
import { eventOf } from '../move.js';
import { findOpened, openRequest } from '../open-request.js';
import { previewOf, viewOf } from '../request-view.js';
import type { Caller, SubmitResult } from '../service.js';
import type { IdempotencyKey, StoredRequest } from '../store-port.js';
import { bundleDiffOf, bundleStatementOf } from './bundle-diff.js';
import { parseBundleSubmission, type BundleSubmission, type ParsedBundleSubmission } from './bundle-submission.js';
import { prepareBundle } from './prepare-bundle.js';

/** A repeat of one of these is answered with it; anything later is a new request. */
const LIVE: readonly StoredRequest['state'][] = ['preparing', 'open', 'signed', 'delivered'];

/**
 * Takes an offline bundle that somebody wants signed. The same bundle again is answered with the request that is there, also
 * once it is signed: that is how whoever did not wait gets the signed file.
 */
export async function submitBundle(
  context: Context,
  submission: BundleSubmission,
  caller: Caller,
): Promise<SubmitResult> {
  requireScope(caller, 'request');
  const parsed = parseBundleSubmission(submission);
  const dryRun = submission.dryRun === true;
  const key = idempotencyKeyOf(submission, parsed.sha256, caller);

  const known = await findKnown(context, parsed, key);
  if (known !== null) return answerKnown(context, known, dryRun);

  const { request, blobs, diff } = await prepareBundle(context, parsed, caller);
  if (dryRun) return { request: previewOf(context, request), created: false, preview: diff };

  await context.step('submit:before-insert', request.id);
  const { tag, version, expires } = parsed.change;
  const inserted = await context.store.requests.insert(request, {
    blobs,
    claim: `${parsed.bundle.sha256} ${parsed.targets.sha256}`,
    event: eventOf(context, 'asked', request, {
      actor: caller.name,
      details: {
        statement: request.statementSha256,
        factory: parsed.factory,
        via: caller.via,
        ...{ bundle: parsed.bundle.sha256, tag, version, expires },
      },
    }),
    ...(key === null ? {} : { idempotency: key }),
  });
  if (inserted.outcome !== 'created') {
    const winner = await findKnown(context, parsed, key);
    if (winner !== null) return answerKnown(context, winner, dryRun);
    throw new CountersignError('REQUEST_OPEN_EXISTS', 'the same was asked for at the same time', {
      hint: 'Ask again.',
    });
  }
  await context.step('submit:after-insert', request.id);
  await openRequest(context, request.id);
  await context.step('submit:after-open', request.id);
  context.changed(request.id);
  return { request: await viewOf(context, await findRequest(context, request.id)), created: true };
}

/** @throws IDEMPOTENCY_CONFLICT if the key came with something else */
async function findKnown(
  context: Context,
  { factory, bundle, targets, change }: ParsedBundleSubmission,
  key: IdempotencyKey | null,
): Promise<StoredRequest | null> {
  const repeated = await findByIdempotencyKey(context, key);
  if (repeated !== null) return repeated;
  const { requests } = context.store;
  const candidates = (await requests.findBundles(factory, bundle.sha256)).filter(({ state }) => LIVE.includes(state));
  // what its names stand for, the targets beside it say
  const isBeside = (base: BundleStatement['base']): boolean => base.targets[change.tag]?.sha256 === targets.sha256;
  const found = candidates.find((request) => isBeside(bundleStatementOf(request).base)) ?? null;
  if (found !== null) await bindIdempotencyKey(context, key, found);
  return found;
}

async function answerKnown(context: Context, { id }: StoredRequest, dryRun: boolean): Promise<SubmitResult> {
  const request = await findOpened(context, id);
  context.changed(id);
  const view = await viewOf(context, request);
  if (!dryRun) return { request: view, created: false };
  return { request: view, created: false, preview: await bundleDiffOf(context, request) };
}
