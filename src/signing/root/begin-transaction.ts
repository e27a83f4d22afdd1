import { randomBytes } from 'node:crypto';
import { CountersignError, isCountersignError } from '../../errors.js';
import {
  diffRoot,
  planRootUpdate,
  readBegunUpdate,
  type OnlineKeyids,
  type OnlineRole,
  type ProposedRoots,
  type RootBase,
  type RootChange,
} from '../../factory/index.js';
import type { Context } from '../context.js';
import { eventOf } from '../move.js';
import type { FactoryPort } from '../ports.js';
import type { RootUpdateStatus } from '../root-update-port.js';
import type { NewRootTransaction } from '../store-port.js';
import { answeredRoots, foreignTransaction, requestNamedIn, stagedChangelog } from './transaction.js';

/** A transaction that was begun at the Factory, and what the Factory did with it. */
export interface Begun {
  readonly txid: string;
  readonly salt: string;
  readonly changelog: Extract<RootChange, { op: 'changelog' }>;
  readonly staged: { readonly roots: ProposedRoots; readonly onlineKeys: OnlineKeyids };
}

export interface OnlineRotation {
  readonly roles: readonly OnlineRole[];
  readonly keytype: 'ED25519' | 'RSA';
}

/**
 * Begins the Factory's transaction, or takes up the caller's, and sees that the Factory did nothing but what it was asked.
 *
 * @param txid of the caller's transaction; null to begin one
 * @throws ROOT_UPDATE_ACTIVE, REQUEST_OPEN_EXISTS (another attempt took it over), ROOT_ANSWER_…, FACTORY_…
 */
export async function beginTransaction(
  context: Context,
  port: FactoryPort,
  base: RootBase,
  row: NewRootTransaction,
  txid: string | null,
  rotation: OnlineRotation | null,
): Promise<Begun> {
  const begun = txid === null ? await begin(context, port, row) : await takeUp(port, txid);
  const salt = randomBytes(16).toString('hex');
  const event = eventOf(context, 'transaction-begun', { id: row.id }, { details: { factory: row.factory } });
  if (!(await context.store.rootUpdates.recordBegun(row.id, row.attempt, { ...begun, salt }, event))) {
    throw new CountersignError('REQUEST_OPEN_EXISTS', 'the same was asked for at the same time', {
      hint: 'Ask again.',
    });
  }
  const answered = stagedOf(await port.rootUpdate());
  const changelog = readBegunUpdate(base, answered, begun.message);
  const roots = (production: typeof answered.production, ci: typeof answered.ci): ProposedRoots => ({
    ci,
    production: production ?? planRootUpdate([changelog], base).production,
  });
  if (rotation === null) {
    const staged = { roots: roots(answered.production, answered.ci), onlineKeys: answered.onlineKeys };
    return { txid: begun.txid, salt, changelog, staged };
  }
  await port.generateOnlineKeys({ txid: begun.txid, ...rotation });
  const generated = stagedOf(await port.rootUpdate());
  const staged = { roots: roots(generated.production, generated.ci), onlineKeys: generated.onlineKeys };
  requireOnlyOnlineKeys(diffRoot(base, staged.roots, staged.onlineKeys), rotation);
  return { txid: begun.txid, salt, changelog, staged };
}

async function begin(
  context: Context,
  port: FactoryPort,
  { id, message }: NewRootTransaction,
): Promise<{ txid: string; message: string }> {
  const status = await port.rootUpdate();
  if (status.status !== 'NONE') {
    // one that an attempt before this one left behind: what was answered to it is lost
    if (status.status !== 'STARTED' || stagedChangelog(status)?.message !== message)
      throw await inTheWay(context, status);
    await port.cancelRootUpdate();
  }
  await context.step('root:before-begin', id);
  try {
    const { txid } = await port.beginRootUpdate({ message });
    await context.step('root:after-begin', id);
    return { txid, message };
  } catch (error) {
    if (!isCountersignError(error, 'FACTORY_REFUSED') || error.details?.['status'] !== 409) throw error;
    throw await inTheWay(context, await port.rootUpdate());
  }
}

async function inTheWay(context: Context, status: RootUpdateStatus): Promise<CountersignError> {
  const named = requestNamedIn(status);
  const forgotten = named !== null && (await context.store.requests.find(named)) === null;
  return foreignTransaction(status, forgotten ? named : null);
}

async function takeUp(port: FactoryPort, txid: string): Promise<{ txid: string; message: string }> {
  const status = await port.rootUpdate();
  const changelog = stagedChangelog(status);
  if (status.status === 'STARTED' && changelog !== null) return { txid, message: changelog.message };
  throw new CountersignError('INPUT_INVALID', 'the Factory has no root update that could be taken up', {
    pointer: '/transaction',
    hint: 'Begin one there, or leave the member out.',
    details: { status: status.status },
  });
}

function stagedOf({ updated }: RootUpdateStatus): ReturnType<typeof answeredRoots> {
  if (updated !== null) return answeredRoots(updated);
  throw new CountersignError('FACTORY_ANSWER_INVALID', 'the Factory shows no roots of the update that was begun');
}

function requireOnlyOnlineKeys(changes: readonly RootChange[], { roles }: OnlineRotation): void {
  const foreign = changes.find(
    (change) => change.op !== 'changelog' && !(change.op === 'replace-online-key' && roles.includes(change.role)),
  );
  const lacking = roles.find(
    (role) => !changes.some((change) => change.op === 'replace-online-key' && change.role === role),
  );
  if (foreign === undefined && lacking === undefined) return;
  throw new CountersignError(
    'ROOT_ANSWER_ONLINE_KEY',
    foreign === undefined
      ? `the Factory made no new online key of ${lacking ?? ''}`
      : `the Factory was asked for new online keys, and did something else: ${foreign.op}`,
    { hint: 'Ask the Factory why.' },
  );
}
