import { CountersignError } from '../../errors.js';
import type { Context } from '../context.js';
import { eventOf } from '../move.js';
import type { NewRootTransaction, RootTransaction } from '../store-port.js';
import { settleTransaction } from './settle-transaction.js';

/** An attempt that has not come to a request after so long was cut off. */
const FORSAKEN_AFTER_MS = 120_000;

/** What began before this time, and is still beginning, nobody works on any more. */
export function forsakenBefore(now: Date): string {
  return new Date(now.getTime() - FORSAKEN_AFTER_MS).toISOString();
}

/** Takes back what an attempt that was cut off has left; what cannot be now is tried again. */
export async function settleForsaken(context: Context, row: RootTransaction): Promise<void> {
  try {
    await settleHolder(context, row);
  } catch (error) {
    context.logger.warn('what is left of a root update could not be taken back', { request: row.id, error });
  }
}

/**
 * Reserves the Factory's transaction for a submission. The same submission again takes over what an attempt before it began;
 * what another one left behind is taken back first.
 *
 * @returns what to go on with, which has the id of an earlier attempt if there was one
 * @throws REQUEST_OPEN_EXISTS, FACTORY_…
 */
export async function reserveTransaction(context: Context, wanted: NewRootTransaction): Promise<NewRootTransaction> {
  for (let tries = 0; tries < 2; tries += 1) {
    const holder = await context.store.rootUpdates.begin(wanted);
    if (holder === null) return wanted;
    if (holder.state === 'beginning' && isSame(holder, wanted)) {
      const { attempt, at } = wanted;
      if (!(await context.store.rootUpdates.takeOver(holder.id, holder.attempt, { attempt, at }))) break;
      return { ...wanted, id: holder.id, message: holder.message };
    }
    if (!(await settleHolder(context, holder))) break;
  }
  throw new CountersignError('REQUEST_OPEN_EXISTS', 'another root update of this Factory is being begun or ended', {
    hint: 'Ask again in a minute.',
  });
}

function isSame(holder: RootTransaction, wanted: NewRootTransaction): boolean {
  return holder.own && wanted.own && holder.submissionSha256 === wanted.submissionSha256;
}

/** Takes back what nobody works on any more; what a caller began and never handed over is the caller's. */
async function settleHolder(context: Context, holder: RootTransaction): Promise<boolean> {
  if (holder.state === 'beginning') {
    if (holder.at >= forsakenBefore(context.clock.now())) return false;
    if (!holder.own) {
      await context.store.rootUpdates.end(holder.id, eventOf(context, 'transaction-ended', { id: holder.id }));
      return true;
    }
  } else {
    const request = await context.store.requests.find(holder.id);
    if (request?.state !== 'closed' && request?.state !== 'abandoned') return false;
  }
  return settleTransaction(context, context.factory(holder.factory), holder);
}
