import { randomBytes } from 'node:crypto';
import { CountersignError, isCountersignError } from '../../errors.js';
import { requireScope } from '../authorize.js';
import { findRequest, type Context } from '../context.js';
import { bindIdempotencyKey, findByIdempotencyKey, idempotencyKeyOf } from '../idempotency.js';
import { eventOf } from '../move.js';
import { findOpened, openRequest } from '../open-request.js';
import { newRequestId } from '../request-id.js';
import { previewOf, viewOf } from '../request-view.js';
import type { Caller, SubmitResult } from '../service.js';
import type { IdempotencyKey, NewRootTransaction, StoredRequest } from '../store-port.js';
import { beginTransaction, type OnlineRotation } from './begin-transaction.js';
import { fetchRootMaterial, prepareRoot, type PreparedRoot, type RootMaterial } from './prepare-root.js';
import { NOBODY, reserveTransaction } from './reserve-transaction.js';
import { rootDiffOf } from './root-diff.js';
import { parseRootSubmission, type ParsedRootSubmission, type RootSubmission } from './root-submission.js';
import { settleTransaction } from './settle-transaction.js';

/** What else is known of a submission than what it says. */
export interface SubmissionMore {
  readonly dryRun: boolean;
  readonly key: IdempotencyKey | null;
  /** Of the caller's own transaction; null where the service begins one. */
  readonly txid: string | null;
  /** The request in whose place this one is to be, and the keys that it was to bring in. */
  readonly rebuiltFrom: string | null;
  readonly preferredKeyids: readonly string[];
  /** Which the caller expects; null: whichever it is. */
  readonly rootVersion: number | null;
}

/**
 * Takes a root update that somebody asks for. It is worked out once before anything is begun at the Factory, so that what
 * cannot be has no effect there; then again over the transaction, in which the Factory fixes version and changelog.
 */
export async function submitRootUpdate(
  context: Context,
  submission: RootSubmission,
  caller: Caller,
): Promise<SubmitResult> {
  requireScope(caller, 'request');
  const parsed = parseRootSubmission(submission);
  const { dryRun = false, transaction } = submission;
  const key = idempotencyKeyOf(submission, parsed.sha256, caller);
  const rootVersion = ('intentions' in submission ? submission.rootVersion : undefined) ?? null;
  const more = { dryRun, key, txid: transaction?.txid ?? null, rebuiltFrom: null, preferredKeyids: [], rootVersion };
  return submitParsedRoot(context, parsed, caller, more);
}

export async function submitParsedRoot(
  context: Context,
  parsed: ParsedRootSubmission,
  caller: Caller,
  more: SubmissionMore,
): Promise<SubmitResult> {
  const known = await findKnown(context, parsed, more.key);
  if (known !== null) return answerKnown(context, known, more.dryRun);

  const material = await fetchRootMaterial(context, parsed.factory);
  requireRootVersion(material, more.rootVersion);
  const rotation = onlineRotationOf(parsed);
  const first = newTransaction(context, parsed, more);
  const toPrepare = { id: first.id, submission: parsed, caller, message: first.message, ...more };
  if (rotation === null) {
    const draft = await prepareRoot(context, material, { ...toPrepare, begun: null });
    if (more.dryRun) return { request: previewOf(context, draft.request), created: false, preview: draft.diff };
  } else if (more.dryRun) {
    throw new CountersignError('INPUT_INVALID', 'the Factory makes its online keys when they are asked for', {
      pointer: '/dryRun',
      hint: 'What a rotation of online keys changes is known once it was begun; officers see it before they approve.',
    });
  }

  const row = await reserveTransaction(context, first);
  if (row === null) {
    const winner = await findKnown(context, parsed, more.key);
    if (winner !== null) return answerKnown(context, winner, false);
    throw new CountersignError('REQUEST_OPEN_EXISTS', 'another root update of this Factory is being begun or ended', {
      hint: 'Ask again in a minute.',
    });
  }
  let prepared: PreparedRoot;
  try {
    prepared = await begunAndPrepared(context, material, row, rotation, {
      ...toPrepare,
      id: row.id,
      message: row.message,
    });
    await insert(context, prepared, row, parsed, caller, more.key);
  } catch (error) {
    await release(context, row);
    const winner = isCountersignError(error, 'REQUEST_OPEN_EXISTS') ? await findKnown(context, parsed, more.key) : null;
    if (winner !== null) return answerKnown(context, winner, false);
    throw error;
  }
  await openRequest(context, row.id);
  await context.step('submit:after-open', row.id);
  context.changed(row.id);
  return { request: await viewOf(context, await findRequest(context, row.id)), created: true };
}

function requireRootVersion({ base }: RootMaterial, expected: number | null): void {
  const version = base.root.ci.version + 1;
  if (expected === null || expected === version) return;
  throw new CountersignError('ROOT_VERSION_INVALID', 'the roots at the Factory have changed since this was begun', {
    hint: 'Look at them, and begin anew (with fioctl: keys tuf updates cancel, then init).',
    details: { version: expected, expected: version },
  });
}

async function begunAndPrepared(
  context: Context,
  material: RootMaterial,
  row: NewRootTransaction,
  rotation: OnlineRotation | null,
  { txid, ...toPrepare }: Omit<Parameters<typeof prepareRoot>[2], 'begun'> & { readonly txid: string | null },
): Promise<PreparedRoot> {
  const port = context.factory(row.factory);
  const begun = await beginTransaction(context, port, material.base.root, row, txid, rotation);
  return prepareRoot(context, material, { ...toPrepare, begun });
}

async function insert(
  context: Context,
  { request, blobs, statement }: PreparedRoot,
  { attempt, rebuiltFrom }: NewRootTransaction,
  parsed: ParsedRootSubmission,
  caller: Caller,
  key: IdempotencyKey | null,
): Promise<void> {
  await context.step('submit:before-insert', request.id);
  const inserted = await context.store.requests.insert(request, {
    blobs,
    attempt,
    event: eventOf(context, 'asked', request, {
      actor: caller.name,
      details: {
        statement: request.statementSha256,
        factory: parsed.factory,
        rootVersion: statement.base.root.version + 1,
        via: caller.via,
        ...(rebuiltFrom === null ? {} : { rebuiltFrom }),
      },
    }),
    ...(key === null ? {} : { idempotency: key }),
  });
  if (inserted.outcome !== 'created') {
    throw new CountersignError('REQUEST_OPEN_EXISTS', 'another root update was asked for at the same time', {
      hint: 'Ask again.',
    });
  }
  await context.step('submit:after-insert', request.id);
}

function newTransaction(
  context: Context,
  { factory, reason, text, sha256 }: ParsedRootSubmission,
  { txid, rebuiltFrom }: SubmissionMore,
): NewRootTransaction {
  const now = context.clock.now();
  const id = newRequestId(now);
  return {
    id,
    factory,
    attempt: randomBytes(16).toString('hex'),
    message: messageOf(reason, id),
    own: txid === null,
    submission: text,
    submissionSha256: sha256,
    rebuiltFrom,
    at: now.toISOString(),
  };
}

/** What the changelog will say, for ever: why, in characters that every verifier agrees on, and which request it was. */
function messageOf(reason: string, id: string): string {
  const plain = reason.replace(/[^\x20-\x25\x27-\x3b\x3d\x3f-\x7e]+/g, ' ').trim();
  return `${plain.slice(0, 900)} (Countersign ${id})`.trim();
}

function onlineRotationOf(parsed: ParsedRootSubmission): OnlineRotation | null {
  if (parsed.form === 'roots') return null;
  const wanted = parsed.intentions.filter((intention) => intention.op === 'rotate-online-key');
  const [first, ...others] = wanted;
  if (first === undefined) return null;
  if (others.length === 0) return { roles: [...new Set(first.roles)], keytype: first.keytype };
  throw new CountersignError('INPUT_INVALID', 'online keys are rotated once in an update', { pointer: '/intentions' });
}

/** @throws IDEMPOTENCY_CONFLICT, REQUEST_OPEN_EXISTS another root update is under way */
async function findKnown(
  context: Context,
  parsed: ParsedRootSubmission,
  key: IdempotencyKey | null,
): Promise<StoredRequest | null> {
  const repeated = await findByIdempotencyKey(context, key);
  if (repeated !== null) return repeated;
  const holder = await context.store.rootUpdates.findHolder(parsed.factory);
  if (holder === null) return null;
  if (holder.root?.submissionSha256 !== parsed.sha256) throw openExists(holder);
  await bindIdempotencyKey(context, key, holder);
  return holder;
}

function openExists({ id, state }: StoredRequest): CountersignError {
  return new CountersignError('REQUEST_OPEN_EXISTS', `the root update ${id} is under way`, {
    hint: 'Wait until it is delivered, or cancel it first.',
    details: { request: id, state },
  });
}

async function answerKnown(context: Context, { id }: StoredRequest, dryRun: boolean): Promise<SubmitResult> {
  const request = await findOpened(context, id);
  context.changed(id);
  const view = await viewOf(context, request);
  if (!dryRun) return { request: view, created: false };
  return { request: view, created: false, preview: await rootDiffOf(context, request) };
}

/** What came to nothing leaves nothing at the Factory, if that can be done now; if not, it is done later. */
async function release(context: Context, { id, attempt, own }: NewRootTransaction): Promise<void> {
  try {
    const row = await context.store.rootUpdates.transaction(id);
    if (row?.state !== 'beginning' || row.attempt !== attempt) return;
    if (own) await settleTransaction(context, context.factory(row.factory), row);
    else await context.store.rootUpdates.end(id, eventOf(context, 'transaction-ended', { id }));
  } catch (error) {
    context.logger.warn('a root update that was begun could not be taken back', { request: id, error });
    const at = context.clock.now().toISOString();
    await context.store.rootUpdates.takeOver(id, attempt, { attempt: NOBODY, at }).catch(() => false);
  }
}
