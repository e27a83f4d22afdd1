/**
 * Three services over one PostgreSQL, one signer with its workers: processes of their own, in front of a Factory that is one
 * too. Under a steady load of requests they are killed at random moments (SIGKILL) and started again by what stands for
 * a service manager. Nobody mends anything by hand.
 *
 * COUNTERSIGN_KILLS makes a longer run of it, COUNTERSIGN_KILL_SEED another one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openStore } from '../../src/store/index.js';
import { createOracle } from '../support/oracle.js';
import { createPostgresDatabase, HAS_POSTGRES, type PostgresDatabase } from '../support/postgres.js';
import { randomFrom } from '../support/seeded-random.js';
import { audit } from './audit.js';
import { createCallers } from './callers.js';
import { createFleet, type Fleet } from './fleet.js';
import { killAtRandom } from './killer.js';
import { startLoad } from './lives.js';
import { stagesIn } from './stages.js';
import { summarise } from './summary.js';

const KILLS = Number(process.env['COUNTERSIGN_KILLS'] ?? 80);
const SEED = Number(process.env['COUNTERSIGN_KILL_SEED'] ?? 20261122);
const LANES = 8;
/** How long it may take until nothing is due any more: a guard, many times what it takes. */
const QUIET_MS = 600_000;

const SETUP_MS = 600_000;

let folder: string;
let database: PostgresDatabase;
let fleet: Fleet;

(HAS_POSTGRES ? describe : describe.skip)(`three services, a signer and its workers (seed ${SEED})`, () => {
  const undo: (() => unknown)[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-fleet-'));
    undo.unshift(() => rmSync(folder, { recursive: true, force: true }));
    database = await createPostgresDatabase();
    undo.unshift(() => database.drop());
    fleet = await createFleet(folder, database.url);
    undo.unshift(() => fleet.stop());
  }, SETUP_MS);
  afterAll(async () => {
    for (const step of undo) await step();
  }, SETUP_MS);

  test(
    `killed at ${KILLS} random moments: every request ends as it was decided; nothing is doubled, nothing lost`,
    async () => {
      try {
        await killAndLook();
      } catch (error) {
        console.error(fleet.logs());
        throw error;
      }
    },
    600_000 + KILLS * 10_000,
  );
});

async function killAndLook(): Promise<void> {
  const clock = stopwatch();
  const urls = fleet.services.map(({ url }) => url);
  const callers = createCallers(urls, randomFrom(SEED + 1));
  const oracle = createOracle();
  const load = await startLoad(fleet, callers, oracle, { lanes: LANES, random: randomFrom(SEED + 2) });
  const killing = killAtRandom(fleet, {
    kills: KILLS,
    random: randomFrom(SEED),
    answered: (count) => callers.answered(count),
    look: () => stagesIn(database),
  });
  const kills = await Promise.race([killing, load.failed]);
  clock.lap('under load');

  // Everything is decided. From here on nobody calls, and nothing is left of what any process had in mind.
  const lives = await load.stop();
  for (const kept of [...fleet.services.map((service) => service.process), fleet.signer]) kept.kill();
  await quiet();
  const reader = callers.as(fleet.ciToken);
  await reader((api) => api.keys()); // the signer answers: it has read its journal again
  clock.lap('until all was quiet');

  const store = await openStore(database.url);
  try {
    await audit(fleet, store, { lives, oracle, reader });
  } finally {
    await store.close();
  }
  clock.lap('looking at it all');
  console.log(summarise({ seed: SEED, kills, lives, repeats: callers.repeats, seconds: clock.seconds }));
  expect(kills.length).toBe(KILLS);
  expect(fleet.endedByThemselves()).toEqual([]);
}

async function quiet(): Promise<void> {
  const deadline = Date.now() + QUIET_MS;
  for (let stages = await stagesIn(database); Object.keys(stages).length > 0; stages = await stagesIn(database)) {
    if (Date.now() > deadline) throw new Error(`still to be done: ${JSON.stringify(stages)}`);
    await pause(200);
  }
}

function stopwatch() {
  const seconds: Record<string, number> = {};
  let last = performance.now();
  return {
    seconds,
    lap: (what: string) => {
      const now = performance.now();
      seconds[what] = (now - last) / 1000;
      last = now;
    },
  };
}
