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

/** Stands in the place of an attempt that has ended and could not take back what it began. */
export const NOBODY = '';

/** How often it is looked whether an equal submission has come to its request. */
const LOOK_EVERY_MS = 100;

/**
 * Reserves the Factory's transaction for a submission. One that came a moment later than an equal one waits for what comes of that,
 * and takes over what it began if that was cut off; what another submission left behind is taken back first.
 *
 * @returns what to go on with, which has the id of an earlier attempt if there was one; null if somebody else has the transaction
 * @throws FACTORY_…
 */
export async function reserveTransaction(
  context: Context,
  wanted: NewRootTransaction,
): Promise<NewRootTransaction | null> {
  for (let tries = 0; tries < 3; tries += 1) {
    const holder = await context.store.rootUpdates.begin(wanted);
    if (holder === null) return wanted;
    if (holder.state === 'beginning' && isSame(holder, wanted)) {
      const { attempt, at } = wanted;
      if (!(await isCutOff(context, holder))) continue;
      if (!(await context.store.rootUpdates.takeOver(holder.id, holder.attempt, { attempt, at }))) continue;
      return { ...wanted, id: holder.id, message: holder.message };
    }
    if (!(await settleHolder(context, holder))) return null;
  }
  return null;
}

/** Waits until an attempt comes to something, or until nobody seems to work on it. Two who work on one would undo each other's. */
async function isCutOff(context: Context, { id, attempt, at }: RootTransaction): Promise<boolean> {
  if (attempt === NOBODY) return true;
  const { cutOffAfterMs } = context.limits;
  const ageMs = (): number => context.clock.now().getTime() - Date.parse(at);
  for (let waitedMs = 0; waitedMs < cutOffAfterMs && ageMs() < cutOffAfterMs; waitedMs += LOOK_EVERY_MS) {
    await new Promise<void>((resolve) => context.timers.after(LOOK_EVERY_MS, resolve));
    const row = await context.store.rootUpdates.transaction(id);
    if (row?.state !== 'beginning' || row.attempt !== attempt) return false;
  }
  return true;
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
