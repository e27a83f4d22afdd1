import { timeAfter } from './clock.js';

/** Who does something, and when: what the Factory writes down with each change. */
export interface Actor {
  readonly polisId: string;
  readonly now: Date;
}

export function changeBy({ polisId, now }: Actor): { at: string; by: string } {
  return { at: timeAfter(now), by: polisId };
}
