import { parseTargets, type Signature } from '../tuf/index.js';
import { changeBy, type Actor } from './actor.js';
import { checkWave } from './check-wave.js';
import { Refusal } from './refusal.js';
import type { SandboxState, SandboxWave } from './state.js';
import { addSignatures, signWave } from './wave-signatures.js';
import type { WaveSubmission } from './wave-submission.js';

interface Changed {
  readonly state: SandboxState;
  readonly result: SandboxWave;
}

/** @throws Refusal 404 */
export function findWave(state: SandboxState, name: string): SandboxWave {
  const wave = state.waves.find((candidate) => candidate.name === name);
  if (wave === undefined) throw new Refusal(404, 'No such Wave');
  return wave;
}

/** The newest active Wave, which the API calls `$active$`. */
export function findActiveWave(state: SandboxState): SandboxWave {
  const wave = state.waves.findLast(({ status }) => status === 'active');
  if (wave === undefined) throw new Refusal(404, 'No Wave is active');
  return wave;
}

/** A new Wave: checked, signed online, and active if that is enough. */
export function createWave(state: SandboxState, submission: WaveSubmission, actor: Actor): Changed {
  checkWave(submission, state, actor.now);
  const { text, missing } = signWave(submission.metadata, state);
  const wave: SandboxWave = {
    name: submission.name,
    version: submission.version,
    tag: submission.tag,
    status: missing === 0 ? 'active' : 'needs-signatures',
    targets: text,
    created: changeBy(actor),
    updated: null,
    rolloutGroups: [],
    rolloutHistory: [],
    rolledOut: [],
  };
  return { state: { ...state, waves: [...state.waves, wave] }, result: wave };
}

/** One more offline signature on a Wave whose threshold is not met yet. */
export function addWaveSignatures(
  state: SandboxState,
  name: string,
  signatures: readonly Signature[],
  actor: Actor,
): Changed {
  const wave = findWave(state, name);
  requireStatus(wave, 'needs-signatures');
  const { text, missing } = addSignatures(parseTargets(Buffer.from(wave.targets)), signatures, state);
  const status = missing === 0 ? 'active' : 'needs-signatures';
  return replaceWave(state, { ...wave, targets: text, status, updated: changeBy(actor) });
}

/** The Wave's Targets become the production Targets of its tag. */
export function completeWave(state: SandboxState, name: string, actor: Actor): Changed {
  const wave = findWave(state, name);
  requireStatus(wave, 'active');
  const changed = replaceWave(state, { ...wave, status: 'complete', updated: changeBy(actor) });
  const productionTargets = { ...state.productionTargets, [wave.tag]: wave.targets };
  return { state: { ...changed.state, productionTargets }, result: changed.result };
}

export function cancelWave(state: SandboxState, name: string, actor: Actor): Changed {
  const wave = findWave(state, name);
  requireStatus(wave, 'active', 'needs-signatures');
  return replaceWave(state, { ...wave, status: 'canceled', updated: changeBy(actor) });
}

export function replaceWave(state: SandboxState, wave: SandboxWave): Changed {
  const waves = state.waves.map((candidate) => (candidate.name === wave.name ? wave : candidate));
  return { state: { ...state, waves }, result: wave };
}

/** @throws Refusal 409 */
export function requireStatus(wave: SandboxWave, ...allowed: readonly SandboxWave['status'][]): void {
  if (!allowed.includes(wave.status)) throw new Refusal(409, `The Wave is ${wave.status}`, [`Wave: ${wave.name}`]);
}
