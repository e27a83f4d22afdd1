import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openStore } from '../../src/store/index.js';
import type { Store } from '../../src/signing/index.js';
import { describeOver } from './databases.js';
import { asked, AT, blobs, event, newRequest } from './records.js';

const ROUNDS = 60;
const PROGRAM = fileURLToPath(new URL('./race-process.ts', import.meta.url));

describeOver('races', (database) => {
  let made: { url: string; drop(): Promise<void> };
  beforeEach(async () => {
    made = await database.create();
  });
  afterEach(() => made.drop());

  test('two processes that start on an empty database make its tables once', async () => {
    const stores = await Promise.all([openStore(made.url), openStore(made.url), openStore(made.url)]);
    for (const store of stores) {
      await store.check();
      await store.close();
    }
  });

  test('of two processes that do the same, each step succeeds in one, and no event is lost', async () => {
    const racers = ['a', 'b'].map((name) => startRacer(made.url, name));
    await Promise.all(racers.map(({ ready }) => ready));
    for (const racer of racers) racer.go();
    const won = await Promise.all(racers.map(({ won }) => won));
    expect(won.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: ROUNDS }, (_, number) => number));

    const store = await openStore(made.url);
    expect((await store.events.verify()).count).toBe(3 * ROUNDS);
    const { items } = await store.requests.list({ limit: 2 * ROUNDS });
    expect(items).toHaveLength(ROUNDS);
    expect(items.every(({ state }) => state === 'open')).toBe(true);
    await store.close();
  });

  async function two<T>(work: (first: Store, second: Store) => Promise<T>): Promise<T> {
    const [first, second] = await Promise.all([openStore(made.url), openStore(made.url)]);
    try {
      return await work(first, second);
    } finally {
      await first.close();
      await second.close();
    }
  }

  test('connections of one process wait for each other without standing still', async () => {
    await two(async (first, second) => {
      const appends = Array.from({ length: 100 }, (_, number) =>
        (number % 2 === 0 ? first : second).events.append(event('read', { details: { number } })),
      );
      await Promise.all(appends);
      expect((await first.events.verify()).count).toBe(100);
    });
  });

  test('of two moves from one state, one happens', async () => {
    await two(async (first, second) => {
      const request = newRequest(1);
      await first.requests.insert(request, { blobs: blobs(request.id), event: asked(request) });
      const moved = await Promise.all([
        first.requests.transition(request.id, { from: ['preparing'], to: 'open', at: AT }, []),
        second.requests.transition(request.id, { from: ['preparing'], to: 'closed', at: AT }, []),
      ]);
      expect(moved.sort()).toEqual([false, true]);
    });
  });
});

interface Racer {
  readonly ready: Promise<unknown>;
  readonly won: Promise<number[]>;
  go(): void;
}

function startRacer(url: string, name: string): Racer {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, url, name, String(ROUNDS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line: IteratorResult<string, undefined> = await lines.next();
    if (line.done === true) throw new Error('the process ended early');
    return line.value;
  };
  const ready = next();
  return {
    ready,
    won: ready.then(next).then((line) => JSON.parse(line) as number[]),
    go: () => child.stdin.end('go\n'),
  };
}
