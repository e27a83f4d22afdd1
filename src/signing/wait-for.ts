import { findRequest, type Context } from './context.js';
import type { StoredRequest } from './store-port.js';

/** Changes that another process made are seen after so long at most. */
const LOOK_EVERY_MS = 1_000;

/** Tells who waits that a request changed. */
export interface Changes {
  tell(id: string): void;
  /** Calls `fn` at the next change; the answer takes it back. */
  once(id: string, fn: () => void): () => void;
}

export function createChanges(): Changes {
  const waiting = new Map<string, Set<() => void>>();
  return {
    tell: (id) => {
      const listeners = waiting.get(id);
      waiting.delete(id);
      for (const listener of listeners ?? []) listener();
    },
    once: (id, fn) => {
      const listeners = waiting.get(id) ?? new Set();
      listeners.add(fn);
      waiting.set(id, listeners);
      return () => {
        listeners.delete(fn);
        if (listeners.size === 0 && waiting.get(id) === listeners) waiting.delete(id);
      };
    },
  };
}

/** Waits until a request is as far as the caller wants it, or until the time is up or the caller gone. */
export async function waitFor(
  context: Context,
  changes: Changes,
  id: string,
  isEnough: (request: Pick<StoredRequest, 'state'>) => boolean,
  until: Date,
  signal?: AbortSignal,
): Promise<StoredRequest> {
  for (;;) {
    // Listening begins before looking, or a change in between would be missed.
    const change = nextChange(context, changes, id, until, signal);
    try {
      // the whole of it may be thousands of rows, and many may wait
      const state = await context.store.requests.findState(id);
      const over = context.clock.now().getTime() >= until.getTime() || signal?.aborted === true;
      if (state === null || over || isEnough({ state })) return await findRequest(context, id);
      await change.happened;
    } finally {
      change.dismiss();
    }
  }
}

function nextChange(
  context: Context,
  changes: Changes,
  id: string,
  until: Date,
  signal: AbortSignal | undefined,
): { happened: Promise<void>; dismiss: () => void } {
  const undo: (() => void)[] = [];
  const happened = new Promise<void>((resolve) => {
    const done = () => resolve();
    const leftMs = Math.max(0, until.getTime() - context.clock.now().getTime());
    undo.push(changes.once(id, done), context.timers.after(Math.min(LOOK_EVERY_MS, leftMs), done));
    signal?.addEventListener('abort', done);
    undo.push(() => signal?.removeEventListener('abort', done));
  });
  return { happened, dismiss: () => undo.forEach((fn) => fn()) };
}
