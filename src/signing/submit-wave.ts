import { CountersignError, isCountersignError } from '../errors.js';
import { requireScope } from './authorize.js';
import { findRequest, type Context } from './context.js';
import { bindIdempotencyKey, findByIdempotencyKey, idempotencyKeyOf } from './idempotency.js';
import { eventOf } from './move.js';
import { findOpened, openRequest } from './open-request.js';
import { prepareWave } from './prepare-wave.js';
import { previewOf, viewOf } from './request-view.js';
import type { Caller, SubmitResult, WaveSubmission } from './service.js';
import { diffOf, loadWaveBase, waveChangesOf } from './stored-base.js';
import type { IdempotencyKey, StoredRequest } from './store-port.js';
import { parseSubmission, type ParsedSubmission } from './submission.js';

/** A repeat of one of these is answered with it; anything later is a new request. */
const LIVE: readonly StoredRequest['state'][] = ['preparing', 'open', 'signed', 'delivered'];

/**
 * Takes a Wave that somebody asks for: a repeat is answered with the request that is there; a new one is worked out
 * over what the Factory has published, judged by `verifyDossier` just as signer and officers will, and stored.
 */
export async function submitWave(context: Context, submission: WaveSubmission, caller: Caller): Promise<SubmitResult> {
  requireScope(caller, 'request');
  const parsed = parseSubmission(submission);
  const key = idempotencyKeyOf(submission, parsed.sha256, caller);

  const known = await findKnown(context, parsed, key);
  if (known !== null) return answerKnown(context, known, submission);

  const prepared = await prepareWave(context, parsed, caller);
  if (submission.dryRun === true) {
    return { request: previewOf(context, prepared.request), created: false, preview: prepared.diff };
  }

  await context.step('submit:before-insert', prepared.request.id);
  const inserted = await context.store.requests.insert(prepared.request, {
    blobs: prepared.blobs,
    event: eventOf(context, 'asked', prepared.request, {
      actor: caller.name,
      details: {
        statement: prepared.request.statementSha256,
        factory: parsed.factory,
        wave: parsed.name,
        tag: parsed.tag,
        version: parsed.version,
        via: caller.via,
      },
    }),
    ...(key === null ? {} : { idempotency: key }),
  });
  if (inserted.outcome !== 'created') {
    // Somebody was faster between the look and the insertion: it is now there to be found, or in the way.
    const winner = await findKnown(context, parsed, key);
    if (winner !== null) return answerKnown(context, winner, submission);
    throw new CountersignError('REQUEST_OPEN_EXISTS', 'another request for this tag was made at the same time', {
      hint: 'Ask again.',
    });
  }
  await context.step('submit:after-insert', prepared.request.id);
  await openRequest(context, prepared.request.id);
  await context.step('submit:after-open', prepared.request.id);
  context.changed(prepared.request.id);
  return { request: await viewOf(context, await findRequest(context, prepared.request.id)), created: true };
}

/**
 * The request that this submission made before, by its key or by what it says.
 *
 * @throws IDEMPOTENCY_CONFLICT if the key came with something else; REQUEST_OPEN_EXISTS if another Wave holds the tag
 */
async function findKnown(
  context: Context,
  parsed: ParsedSubmission,
  key: IdempotencyKey | null,
): Promise<StoredRequest | null> {
  const repeated = await findByIdempotencyKey(context, key);
  if (repeated !== null) return repeated;
  const { requests } = context.store;
  // Looked for first: one that is stored between the two looks is then found as the repeat that it may be.
  const holder = await requests.findHolder(parsed.factory, parsed.tag);
  const candidates = await requests.findByWave(parsed.factory, parsed.tag, parsed.name, parsed.version);
  for (const candidate of candidates.filter(({ state }) => LIVE.includes(state))) {
    if (!(await isRepeat(context, parsed, candidate))) continue;
    await bindIdempotencyKey(context, key, candidate);
    return candidate;
  }
  if (holder === null) return null;
  const name = holder.wave?.name ?? '';
  throw new CountersignError(
    'REQUEST_OPEN_EXISTS',
    `request ${holder.id} for Wave ${name} is under way for tag ${parsed.tag}`,
    {
      pointer: '/tag',
      hint: 'Wait until it is delivered, or cancel it first.',
      details: { request: holder.id, wave: name, tag: parsed.tag, state: holder.state },
    },
  );
}

async function isRepeat(context: Context, parsed: ParsedSubmission, request: StoredRequest): Promise<boolean> {
  const sha256 = request.material.documents[0];
  if (sha256 === undefined) return false;
  const [document, base] = await Promise.all([context.store.blobs.get(sha256), loadWaveBase(context, request)]);
  try {
    return parsed.isSame(document, waveChangesOf(request), base);
  } catch (error) {
    // What cannot even be made over that base is another submission.
    if (isCountersignError(error)) return false;
    throw error;
  }
}

async function answerKnown(context: Context, { id }: StoredRequest, submission: WaveSubmission): Promise<SubmitResult> {
  const request = await findOpened(context, id);
  context.changed(id);
  const view = await viewOf(context, request);
  if (submission.dryRun !== true) return { request: view, created: false };
  return { request: view, created: false, preview: await diffOf(context, request) };
}
