/** Everything signed that seeds are made of, by keys that are the same in every run, so that an input found once stays what it is. */
import { createFixture, type Fixture, type FixtureWave } from '../support/factory-fixture.js';

export const KEY_SEED = 'countersign fuzz';

export interface SignedSeeds {
  readonly fixture: Fixture;
  readonly wave: FixtureWave;
  readonly statement: Buffer;
  /** policy.json */
  readonly policy: Buffer;
}

let made: SignedSeeds | undefined;

export function signedSeeds(): SignedSeeds {
  made ??= make();
  return made;
}

function make(): SignedSeeds {
  const fixture = createFixture({ keySeed: KEY_SEED });
  const wave = fixture.wave({ prune: [40] });
  return { fixture, wave, statement: Buffer.from(wave.text), policy: Buffer.from(fixture.policyText) };
}
