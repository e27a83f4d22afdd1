import { advance } from './advance.js';
import type { Context } from './context.js';
import { createStagedKeyWatch } from './request-keys/watch-staged.js';
import { latestAttemptAt, NEVER } from './retry.js';
import { forsakenBefore, settleForsaken } from './root/reserve-transaction.js';
import { sendVeto } from './send-veto.js';

/** So many requests are worked on at the same time. */
const CONCURRENCY = 8;
const PAGE = 100;
const VETOES = 100;
const EXPIRE_EVERY_MS = 60_000;

export interface Runner {
  start(): void;
  stop(): Promise<void>;
  /** Has a request looked at soon. Does nothing before `start`. */
  kick(id: string): void;
  /** Does something with a request while the runner leaves it alone, once the step under way has ended. */
  alone<T>(id: string, task: () => Promise<T>): Promise<T>;
  /** One pass over everything that is due; resolves when it is done. */
  pass(): Promise<void>;
}

/**
 * Brings requests on by themselves: at a kick, and by looking at the store every so often, which also resumes what a
 * crash, or another process, left. One request is worked on once at a time here; other processes may do the same work,
 * and then the store takes one of the two.
 */
export function createRunner(context: Context): Runner {
  let running = false;
  let cancelTimer: (() => void) | null = null;
  let expiredAt = Number.NEGATIVE_INFINITY;
  const busy = new Map<string, Promise<void>>();
  /** Of those that are busy: what changed since, and has to be looked at once more. */
  const again = new Set<string>();
  const slots = createSlots(CONCURRENCY);
  const watchStagedKeys = createStagedKeyWatch(context);

  const occupy = (id: string, task: () => Promise<void>): Promise<void> => {
    const done = task().finally(() => {
      busy.delete(id);
      // Not awaited by whoever awaits this: it is other, later work.
      if (again.delete(id)) void work(id);
    });
    busy.set(id, done);
    return done;
  };

  const work = (id: string): Promise<void> =>
    busy.get(id) ??
    occupy(id, () =>
      slots(() => advance(context, id, () => again.delete(id))).catch((error: unknown) => {
        // The store itself failed: the next pass finds the request again.
        context.logger.error('a request could not be worked on', { request: id, error });
      }),
    );

  const kick = (id: string): void => {
    if (busy.has(id)) again.add(id);
    else void work(id);
  };

  const alone = async <T>(id: string, task: () => Promise<T>): Promise<T> => {
    for (let current = busy.get(id); current !== undefined; current = busy.get(id)) await current;
    const result = task();
    const settled = result.then(noop, noop);
    await occupy(id, () => settled);
    return result;
  };

  const pass = async (): Promise<void> => {
    const now = context.clock.now();
    // Also when the clock was set back: else nothing would expire until it is where it was.
    if (Math.abs(now.getTime() - expiredAt) >= EXPIRE_EVERY_MS) {
      await context.store.expire(now.toISOString());
      expiredAt = now.getTime();
    }
    for (const row of await context.store.rootUpdates.listForsaken(forsakenBefore(now))) {
      await settleForsaken(context, row);
    }
    for (const { request, rejection } of await context.store.requests.listUnsentVetoes(VETOES)) {
      if ((await sendVeto(context, request, rejection)) === 'later') break;
    }
    const times = { now: now.toISOString(), latest: latestAttemptAt(now, context.limits), never: NEVER };
    const started: Promise<void>[] = [watchStagedKeys()];
    for (let after = ''; ;) {
      const due = await context.store.requests.listDue(times, { after, limit: PAGE });
      started.push(...due.map(({ id }) => work(id)));
      const last = due.at(-1);
      if (last === undefined || due.length < PAGE) break;
      after = last.id;
    }
    await Promise.all(started);
  };

  let passing: Promise<void> = Promise.resolve();
  const loop = (): void => {
    passing = pass()
      .catch((error: unknown) => {
        context.logger.error('looking for due requests failed', { error });
      })
      .then(() => {
        if (running) cancelTimer = context.timers.after(context.limits.intervalMs, loop);
      });
  };

  return {
    start: () => {
      if (running) return;
      running = true;
      loop();
    },
    stop: async () => {
      running = false;
      cancelTimer?.();
      await passing;
      while (busy.size > 0) await Promise.all(busy.values());
    },
    kick: (id) => {
      if (running) kick(id);
    },
    pass,
    alone,
  };
}

function noop(): void {
  // For promises whose outcome somebody else looks at.
}

/** Runs what it is given, at most `count` at a time, first come first served. */
function createSlots(count: number): (work: () => Promise<void>) => Promise<void> {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
