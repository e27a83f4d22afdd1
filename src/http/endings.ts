import type { Response } from 'express';

/** Tells requests that wait for something when waiting has become useless. */
export interface Endings {
  /** Aborts when the client goes or when `endAll` was called. */
  signalOf(res: Response): AbortSignal;
  endAll(): void;
  readonly ended: boolean;
}

export function createEndings(): Endings {
  const open = new Set<AbortController>();
  let ended = false;
  return {
    signalOf(res) {
      const controller = new AbortController();
      if (ended) controller.abort();
      open.add(controller);
      res.once('close', () => {
        open.delete(controller);
        controller.abort();
      });
      return controller.signal;
    },
    endAll() {
      ended = true;
      for (const controller of open) controller.abort();
    },
    get ended() {
      return ended;
    },
  };
}
