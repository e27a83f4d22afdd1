import { setTimeout as pause } from 'node:timers/promises';
import { createApiClient, type ApiClient } from '../../src/api/client/index.js';
import { isCountersignError, type CountersignError } from '../../src/errors.js';
import type { Random } from '../support/seeded-random.js';

/** Somebody who repeats a call, word for word, at one replica or another until one of them answers. */
export type Caller = <T>(call: (api: ApiClient) => Promise<T>) => Promise<T>;

export interface Callers {
  /** @param bearer none for who has yet to sign in */
  as(bearer?: string): Caller;
  /** The same for who only looks whether something has happened: such an answer is no progress. */
  watching(bearer: string): Caller;
  /** Resolves when so many more calls were answered; those of who only looks are not counted. */
  answered(count: number): Promise<void>;
  /** Why calls had to be repeated: how often for each code. */
  readonly repeats: ReadonlyMap<string, number>;
}

/** Like no answer at all, these say that the very same call may do better later. */
const MAY_PASS: readonly unknown[] = [502, 503];
const PAUSE_MS = 100;
/** For one call with all its repeats: a guard against waiting for ever. */
const PATIENCE_MS = 300_000;

export function createCallers(urls: readonly string[], random: Random): Callers {
  const repeats = new Map<string, number>();
  const waiting = new Set<() => void>();
  const tell = (): void => waiting.forEach((hear) => hear());
  const callerOf = (bearer: string | undefined, onAnswer: () => void): Caller => {
    const apis = urls.map((baseUrl) => createApiClient({ baseUrl, ...(bearer === undefined ? {} : { bearer }) }));
    return async (call) => {
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        const api = apis[random(apis.length)];
        if (api === undefined) throw new Error('there is no replica');
        try {
          const answer = await call(api);
          onAnswer();
          return answer;
        } catch (error) {
          if (!mayPass(error) || Date.now() > deadline) throw error;
          repeats.set(error.code, (repeats.get(error.code) ?? 0) + 1);
        }
        await pause(PAUSE_MS + random(PAUSE_MS));
      }
    };
  };
  return {
    repeats,
    answered: (count) =>
      new Promise((resolve) => {
        let left = count;
        const hear = (): void => {
          left -= 1;
          if (left > 0) return;
          waiting.delete(hear);
          resolve();
        };
        waiting.add(hear);
      }),
    as: (bearer) => callerOf(bearer, tell),
    watching: (bearer) => callerOf(bearer, () => undefined),
  };
}

function mayPass(error: unknown): error is CountersignError {
  if (!isCountersignError(error)) return false;
  return error.code === 'SERVICE_UNAVAILABLE' || MAY_PASS.includes(error.details?.['status']);
}
