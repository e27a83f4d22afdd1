import { CountersignError, isCountersignError } from '../../errors.js';
import type { RootStatement } from '../../dossier/index.js';
import { planRootUpdate, requireRootAnswer, type RootBase } from '../../factory/index.js';
import { factoryOf } from '../../policy/index.js';
import { parseRoot, verifyTargets, type RootMetadata } from '../../tuf/index.js';
import type { Context } from '../context.js';
import { fetchRootChain, parseServed } from '../fetch-base.js';
import { abandon, eventOf } from '../move.js';
import type { FactoryPort } from '../ports.js';
import type { RootUpdateStatus } from '../root-update-port.js';
import { AGAIN, type StepResult } from '../step-result.js';
import type { StoredRequest } from '../store-port.js';
import { checkUpstream, isOurs } from './check-upstream.js';
import { fetchServedTargets, parseServedTargets } from './fetch-root-base.js';
import { findPublishedRoots } from './find-published-roots.js';
import { paced } from './paced.js';
import { rootsToPut } from './roots-to-put.js';
import { loadRootBase, rootStatementOf } from './stored-root.js';
import { answeredRoots, lostTransaction } from './transaction.js';

/** The Factory says that it changed nothing; after any other refusal of `apply` it may have, in part. */
const NOTHING_CHANGED: readonly unknown[] = [400, 401, 403, 422, 423];

/**
 * Brings signed roots to the Factory and into force, and sees that they are. Each time it begins with what the Factory has, and
 * does the next step from there, so it may be repeated after any crash and any lost answer. Once `apply` was sent it is only
 * ever sent again: what was applied in part must not be taken back.
 *
 * @throws FACTORY_…, THRESHOLD_NOT_MET, …: tried again
 */
export async function deliverRoot(context: Context, request: StoredRequest): Promise<StepResult> {
  const port = context.factory(request.factory);
  const statement = rootStatementOf(request);
  const base = await loadRootBase(context, request);

  // the transaction first: should it end between the two looks, the second one sees what came of it
  const status = await port.rootUpdate();
  const published = await findPublishedRoots(port, statement, base);
  if (published === 'ours') return finish(context, port, request, statement);
  if (published === 'others') return giveUp(context, request, otherRoots(statement), false);
  if (isCurrent(status, statement)) return { then: 'wait', error: applying() };
  if (!isOurs(status, statement)) return giveUp(context, request, lostTransaction(status), true);
  if (status.status === 'APPLYING') return { then: 'wait', error: applying() };

  if (request.root?.applySent == null) {
    const hindrance = await stage(context, port, request, statement, base);
    if (hindrance !== null) return hindrance;
    await context.store.rootUpdates.markApplySent(request.id, context.clock.now().toISOString());
  }
  await apply(context, port, request);
  if ((await findPublishedRoots(port, statement, base)) !== 'ours') return { then: 'wait', error: applying() };
  return finish(context, port, request, statement);
}

/** Puts roots and signatures, and holds the Factory to them. @returns what keeps them from being applied */
async function stage(
  context: Context,
  port: FactoryPort,
  request: StoredRequest,
  statement: RootStatement,
  base: RootBase,
): Promise<StepResult | null> {
  const plan = planRootUpdate(statement.changes, base);
  const before = await checkFits(context, port, request, statement, base);
  if (before !== null) return before;
  const { txid } = (await context.store.rootUpdates.transaction(request.id)) ?? { txid: '' };
  await context.step('root:before-put', request.id);
  await port.putRootUpdate(await rootsToPut(context, request, statement, txid));
  await context.step('root:after-put', request.id);
  const { updated } = await port.rootUpdate();
  try {
    if (updated === null) throw new CountersignError('FACTORY_ANSWER_INVALID', 'the Factory shows no staged roots');
    requireRootAnswer(plan, answeredRoots(updated));
  } catch (error) {
    if (!isCountersignError(error) || !error.code.startsWith('ROOT_ANSWER_')) throw error;
    return giveUp(context, request, error, false);
  }
  // a Wave may have come, or gone, while the roots were on their way
  return checkFits(context, port, request, statement, base);
}

async function checkFits(
  context: Context,
  port: FactoryPort,
  request: StoredRequest,
  statement: RootStatement,
  base: RootBase,
): Promise<StepResult | null> {
  const upstream = await checkUpstream(port, statement, base);
  if (upstream.state === 'stale') return giveUp(context, request, upstream.error, true);
  return upstream.state === 'later' ? { then: 'wait', error: upstream.error } : null;
}

async function apply(context: Context, port: FactoryPort, request: StoredRequest): Promise<void> {
  const { txid } = (await context.store.rootUpdates.transaction(request.id)) ?? { txid: '' };
  await context.step('root:before-apply', request.id);
  try {
    await port.applyRootUpdate(txid);
  } catch (error) {
    if (isCountersignError(error) && NOTHING_CHANGED.includes(error.details?.['status'])) {
      await context.store.rootUpdates.markApplySent(request.id, null);
    }
    throw error;
  }
  await context.step('root:after-apply', request.id);
}

/** As devices do, over both whole chains from the pinned root; and no production document may be left that they would refuse. */
async function finish(
  context: Context,
  port: FactoryPort,
  request: StoredRequest,
  statement: RootStatement,
): Promise<StepResult> {
  const now = context.clock.now();
  const factory = factoryOf(context.policy.policy, request.factory);
  const [ci, production] = await Promise.all([
    fetchRootChain(port, 'ci', factory, context.pins, now),
    fetchRootChain(port, 'production', factory, context.pins, now),
  ]);
  const place = statement.base.root.version + 1 - factory.firstRoot.version;
  const [ciBytes, productionBytes] = [ci.bytes[place], production.bytes[place]];
  if (ciBytes === undefined || productionBytes === undefined) throw applying();
  await requireTargetsHold(port, production.last);
  await context.step('deliver:after-fetch', request.id);
  const delivered = await context.store.requests.transition(
    request.id,
    {
      from: ['signed'],
      to: 'delivered',
      at: now.toISOString(),
      publishedRoots: { ci: ciBytes, production: productionBytes },
    },
    [eventOf(context, 'delivered', request, { details: { version: statement.base.root.version + 1 } })],
  );
  await context.step('deliver:after-store', request.id);
  if (delivered) context.changed(request.id);
  return AGAIN;
}

async function requireTargetsHold(port: FactoryPort, root: RootMetadata): Promise<void> {
  const keyids = root.signed.roles['targets']?.keyids ?? [];
  // as long as the Factory's is the only key, nothing in production can have two signatures
  if (keyids.length < 2) return;
  for await (const { metadata } of paced(parseServedTargets(await fetchServedTargets(port)))) {
    verifyTargets(root, metadata);
  }
}

async function giveUp(
  context: Context,
  request: StoredRequest,
  error: CountersignError,
  rebuildWanted: boolean,
): Promise<StepResult> {
  await abandon(context, request, { error, rebuildWanted: rebuildWanted && request.root?.own === true });
  return AGAIN;
}

/** Whether the new CI root is in force by what the Factory says, though it may not be served yet. */
function isCurrent({ current }: RootUpdateStatus, { documents: [ci] }: RootStatement): boolean {
  return parseServed(parseRoot, current.ci, 'current CI root').sha256 === ci.sha256;
}

function applying(): CountersignError {
  return new CountersignError('FACTORY_UNAVAILABLE', 'the Factory is applying the root update', {
    hint: 'It is looked at again until the new roots are published.',
  });
}

function otherRoots({ base }: RootStatement): CountersignError {
  return new CountersignError(
    'DELIVERY_CONFLICT',
    `the Factory publishes another root ${base.root.version + 1} than the one that was signed`,
    { hint: 'Find out who made it: it has to be signed by the keys in force.' },
  );
}
