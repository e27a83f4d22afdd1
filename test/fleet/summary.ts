import type { Kill } from './killer.js';
import type { Life } from './lives.js';

/** What a run came to, for people. */
export function summarise(run: {
  readonly seed: number;
  readonly kills: readonly Kill[];
  readonly lives: readonly Life[];
  readonly repeats: ReadonlyMap<string, number>;
  readonly seconds: Readonly<Record<string, number>>;
}): string {
  const { seed, kills, lives, repeats, seconds } = run;
  const stages = kills.flatMap(({ stages: seen }) => Object.keys(seen));
  return [
    `seed ${seed}`,
    `${kills.length} kills: ${count(kills.map(({ victim }) => victim))}; during a login: ${kills.filter(({ duringLogin }) => duringLogin).length}`,
    `kills that met requests in a stage: ${count(stages)}`,
    `${lives.length} requests: ${count(lives.map(({ end }) => end))}; asked for again: ${lives.reduce((sum, { askedAgain }) => sum + askedAgain, 0)}`,
    `calls repeated: ${count(repeats)}`,
    `seconds: ${count(Object.entries(seconds).map(([what, value]) => [what, Math.round(value)]))}`,
  ].join('\n');
}

/** `12 service, 3 signer`, of names to be counted or of counts. */
function count(what: Iterable<string | readonly [string, number]>): string {
  const counts = new Map<string, number>();
  for (const one of what) {
    const [name, more] = typeof one === 'string' ? [one, 1] : one;
    counts.set(name, (counts.get(name) ?? 0) + more);
  }
  return [...counts].map(([name, number]) => `${number} ${name}`).join(', ') || 'none';
}
