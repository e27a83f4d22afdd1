import type { Context } from '../context.js';
import { eventOf } from '../move.js';
import type { FactoryPort } from '../ports.js';
import { stagedChangelog } from './transaction.js';

/** How one of our transactions is recognised at the Factory. */
export interface Known {
  readonly id: string;
  readonly factory: string;
  /** Holds the request's id, or was read when the caller's transaction was taken up. */
  readonly message: string;
}

/**
 * Takes back what a request that came to nothing began at the Factory. What is there is looked at first: a transaction of
 * somebody else is left alone.
 *
 * @returns false while the Factory is applying it: then it cannot be taken back, and may yet be published
 * @throws FACTORY_…
 */
export async function settleTransaction(context: Context, port: FactoryPort, known: Known): Promise<boolean> {
  const status = await port.rootUpdate();
  const ours = stagedChangelog(status)?.message === known.message;
  if (ours && status.status === 'APPLYING') return false;
  if (ours && status.status !== 'NONE') {
    await context.step('root:before-cancel', known.id);
    await port.cancelRootUpdate();
    await context.step('root:after-cancel', known.id);
  }
  await context.store.rootUpdates.end(known.id, eventOf(context, 'transaction-ended', { id: known.id }));
  return true;
}
