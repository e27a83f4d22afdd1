import type { Context } from '../context.js';
import { eventOf } from '../move.js';
import { showTransaction } from '../root/show-roots.js';

const LOOK_EVERY_MS = 60_000;

/**
 * Looks every minute whether somebody stages a request key in a Factory's roots, past Countersign: fioctl does that by itself
 * when it is pointed at the Factory with a keys file of request keys. Nothing is done about it but to say so, once. Never rejects: it runs beside
 * other work, and when that fails nobody waits for it any more.
 */
export function createStagedKeyWatch(context: Context): () => Promise<void> {
  let lookedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = context.clock.now().getTime();
    if (Math.abs(now - lookedAt) < LOOK_EVERY_MS) return;
    lookedAt = now;
    try {
      const registered = await context.store.requestKeys.list();
      for (const factory of new Set(registered.map((key) => key.factory))) {
        await look(context, factory).catch((error: unknown) => {
          context.logger.warn('whether a request key is staged could not be looked up', { factory, error });
        });
      }
    } catch (error) {
      lookedAt = Number.NEGATIVE_INFINITY;
      context.logger.warn('the request keys could not be read', { error });
    }
  };
}

async function look(context: Context, factory: string): Promise<void> {
  const { transaction, requestKeys, changelog } = await showTransaction(context, factory);
  if (transaction !== 'foreign') return;
  for (const { keyid, name } of requestKeys) {
    const by = changelog?.polisId ?? null;
    context.logger.error('somebody stages a request key in the roots of the Factory', { factory, keyid, name, by });
    const once = `request key staged ${factory} ${keyid} ${changelog?.timestamp ?? ''}`;
    const event = eventOf(context, 'request-key-staged', null, { details: { factory, keyid, name, by }, once });
    await context.store.events.append(event);
  }
}
