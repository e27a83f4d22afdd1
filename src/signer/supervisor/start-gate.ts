/** Lets one start at a time through. */
export type StartGate = <T>(start: () => Promise<T>) => Promise<T>;

/**
 * A gate for all workers of one signer: C_Initialize and C_Login of several processes at once fail now and then, at
 * least with SoftHSM.
 */
export function createStartGate(): StartGate {
  let last: Promise<unknown> = Promise.resolve();
  return async (start) => {
    const mine = last.then(start);
    last = mine.catch(() => undefined);
    return mine;
  };
}
