import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../support/seeded-random.js';
import type { Fleet } from './fleet.js';
import type { Stages } from './stages.js';

export interface Kill {
  readonly victim: 'service' | 'signer' | 'worker';
  /** A worker had sent the PIN, and what the token said to it was not on record yet. */
  readonly duringLogin: boolean;
  /** Where requests were in their lives at that moment. */
  readonly stages: Stages;
}

/** Of ten kills, this many for each. */
const VICTIMS = [
  ...['service', 'service', 'service', 'service', 'signer'],
  ...['worker', 'worker', 'worker', 'worker', 'worker'],
] as const;
/** Between two kills so many calls are answered at most; one in `AT_ONCE` comes together with the one before. */
const MAX_ANSWERS = 3;
const AT_ONCE = 2;
const MAX_DELAY_MS = 200;

/**
 * Kills processes at random moments. What it waits for in between is work that gets done, not time alone: so on a slow
 * machine, too, there is always something under way, and the fleet comes to life again between kills.
 *
 * @param answered resolves when so many more calls were answered
 * @param look where the requests are in their lives
 */
export async function killAtRandom(
  fleet: Fleet,
  {
    kills,
    random,
    answered,
    look,
  }: {
    kills: number;
    random: Random;
    answered: (count: number) => Promise<void>;
    look: () => Promise<Stages>;
  },
): Promise<Kill[]> {
  const done: Kill[] = [];
  while (done.length < kills) {
    if (random(AT_ONCE) !== 0) {
      await answered(1 + random(MAX_ANSWERS));
      await pause(random(MAX_DELAY_MS));
    }
    const victim = VICTIMS[random(VICTIMS.length)] ?? 'service';
    const stages = await look();
    const duringLogin = victim === 'worker' && fleet.isLoggingIn();
    if (strike(fleet, victim, random)) done.push({ victim, duringLogin, stages });
  }
  return done;
}

/** False if there is no such process just now. */
function strike(fleet: Fleet, victim: Kill['victim'], random: Random): boolean {
  if (victim === 'signer') return fleet.signer.kill();
  if (victim === 'service') return fleet.services[random(fleet.services.length)]?.process.kill() ?? false;
  const workers = fleet.workers();
  const pid = workers[random(Math.max(1, workers.length))];
  return pid !== undefined && killWorker(pid);
}

function killWorker(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // it went by itself meanwhile
  }
}
