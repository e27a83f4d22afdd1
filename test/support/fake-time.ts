import { jest } from '@jest/globals';

/** Milliseconds that pass when a test says so: only `setTimeout` is told, all else goes on as ever. */
export interface FakeTime {
  /** Lets everything happen that waits for nothing, and then so much time pass. */
  pass(ms: number): Promise<void>;
  end(): void;
}

export function fakeTime(): FakeTime {
  jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval'],
  });
  return {
    pass: async (ms) => {
      await turn();
      jest.advanceTimersByTime(ms);
      await turn();
    },
    end: () => void jest.useRealTimers(),
  };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
