/** What has to be undone, in the opposite order. */
export interface Closing {
  add(step: () => unknown): void;
  close(): Promise<void>;
}

function createClosing(): Closing {
  const steps: (() => unknown)[] = [];
  return {
    add: (step) => void steps.push(step),
    async close() {
      for (const step of steps.splice(0).reverse()) await step();
    },
  };
}

/** Builds something out of many parts; if one of them fails, those before it are undone. */
export async function closingOnError<T>(build: (closing: Closing) => Promise<T>): Promise<T & Pick<Closing, 'close'>> {
  const closing = createClosing();
  try {
    return { ...(await build(closing)), close: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}
