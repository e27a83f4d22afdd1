import { type Daemon, type Ending, NotStarted } from '../../scripts/demo/process.js';

export interface Death<P> extends Ending {
  readonly program: P;
}

/** What a service manager does: it starts again what ended by itself, and nothing else. */
export interface Supervisor<P> {
  start(program: P): Promise<Daemon>;
  /** As its operator would: it is not started again. */
  stop(program: P): Promise<void>;
  /** All of them, in the opposite order of their first start. */
  stopAll(): Promise<void>;
  /** SIGKILL, out of the blue. Resolves when it was started again. */
  kill(program: P): Promise<void>;
  /** Ends that nobody asked for, in their order. */
  readonly deaths: readonly Death<P>[];
  /** Resolves when all that were started run. Fails if one of them does not start again. */
  settled(): Promise<void>;
}

export function createSupervisor<P>(startProgram: (program: P) => Promise<Daemon>): Supervisor<P> {
  const deaths: Death<P>[] = [];
  const running = new Map<P, Promise<Daemon>>();
  const stopped = new Set<P>();

  /** A step may kill it between listening and the look that finds it ready. */
  const begin = async (program: P): Promise<Daemon> => {
    for (;;) {
      try {
        return await startProgram(program);
      } catch (error) {
        if (!(error instanceof NotStarted) || error.ending.signal !== 'SIGKILL' || stopped.has(program)) throw error;
        deaths.push({ program, ...error.ending });
      }
    }
  };
  const keep = (program: P): Promise<Daemon> => {
    const started = begin(program);
    running.set(program, started);
    void started.then(
      async (daemon) => {
        const how = await daemon.ended;
        if (stopped.has(program)) return;
        deaths.push({ program, ...how });
        void keep(program);
      },
      () => undefined, // whoever waits for the program hears of it
    );
    return started;
  };
  const stop = async (program: P): Promise<void> => {
    stopped.add(program);
    const daemon = await running.get(program)?.catch(() => undefined); // one that did not start need not be stopped
    await daemon?.stop();
  };
  const settled = async (): Promise<void> => {
    await Promise.all(running.values());
  };
  return {
    deaths,
    start: (program) => {
      stopped.delete(program);
      return keep(program);
    },
    stop,
    stopAll: async () => {
      for (const program of [...running.keys()].reverse()) await stop(program);
    },
    kill: async (program) => {
      const daemon = await running.get(program);
      await daemon?.kill();
      await settled();
    },
    settled,
  };
}
