import { encodeCanonical, parseTargets, type TargetEntry, type Targets } from '../tuf/index.js';
import { isWithin } from './clock.js';
import { Refusal } from './refusal.js';
import type { SandboxState, SandboxWave } from './state.js';
import type { WaveSubmission } from './wave-submission.js';

/**
 * What a Factory asks of a new Wave besides its signatures: a name and a tag that are free, a version that goes
 * forward, and Targets that it knows: each is in the tag's production Targets as it stands, or is the CI Target of
 * this version with its tags set to the Wave's.
 *
 * @throws Refusal 409 (name or tag taken, version not higher), 400
 */
export function checkWave(submission: WaveSubmission, state: SandboxState, now: Date): void {
  refuseTaken(submission, state.waves);
  const production = productionTargetsOf(state, submission.tag);
  const { signed } = submission.metadata;
  if (production !== null && submission.version <= production.version) {
    throw new Refusal(409, 'The version is not higher than that of the production Targets', [
      `Version ${submission.version}, production Targets of tag ${submission.tag}: ${production.version}`,
    ]);
  }
  if (isWithin(signed.expires, now, 0)) throw new Refusal(400, 'The Targets have expired', [signed.expires]);
  const ci = parseTargets(Buffer.from(state.ciTargets)).signed;
  const strangers = Object.entries(signed.targets)
    .map(([name, entry]) => objection(name, entry, submission, ci, production))
    .filter((text) => text !== null);
  if (strangers.length > 0) throw new Refusal(400, 'The Wave has Targets that are not those of the Factory', strangers);
}

/** The tag's production Targets, or null while it has none. */
function productionTargetsOf(state: SandboxState, tag: string): Targets | null {
  // hasOwn: a tag may be called `constructor`
  const text = Object.hasOwn(state.productionTargets, tag) ? state.productionTargets[tag] : undefined;
  return text === undefined ? null : parseTargets(Buffer.from(text)).signed;
}

/** Whether the Wave holds its tag: it is out, or waits for signatures to go out. */
function isOpen(wave: SandboxWave): boolean {
  return wave.status === 'active' || wave.status === 'needs-signatures';
}

function refuseTaken({ name, tag }: WaveSubmission, waves: readonly SandboxWave[]): void {
  if (waves.some((wave) => wave.name === name)) {
    throw new Refusal(409, 'A Wave of this name exists already', [`Wave: ${name}`]);
  }
  const open = waves.find((wave) => wave.tag === tag && isOpen(wave));
  if (open !== undefined) {
    throw new Refusal(409, `A Wave for tag ${tag} is active already`, [`Active Wave: ${open.name}`]);
  }
}

function objection(
  name: string,
  entry: TargetEntry,
  { version, tag }: WaveSubmission,
  ci: Targets,
  production: Targets | null,
): string | null {
  const published = production === null ? null : ownEntry(production, name);
  if (published !== null) {
    return isSame(entry, published) ? null : `${name}: differs from the production Target of tag ${tag}`;
  }
  const built = ownEntry(ci, name);
  if (built === null) return `${name}: no such Target`;
  if (built.custom?.['version'] !== String(version)) return `${name}: not a Target of version ${version}`;
  const expected = { ...built, custom: { ...built.custom, tags: [tag] } };
  return isSame(entry, expected) ? null : `${name}: differs from the CI Target in more than the tag ${tag}`;
}

function ownEntry(targets: Targets, name: string): TargetEntry | null {
  return Object.hasOwn(targets.targets, name) ? (targets.targets[name] ?? null) : null;
}

function isSame(one: unknown, other: unknown): boolean {
  return encodeCanonical(one).equals(encodeCanonical(other));
}
