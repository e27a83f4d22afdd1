import { parseTargets, serializeMetadata } from '../tuf/index.js';
import type { Actor } from './actor.js';
import { checkRootUpdate } from './check-root-update.js';
import { refuseLockedByWave } from './locked-by-wave.js';
import { signOnline, type OnlineKeys } from './online-keys.js';
import { reSignedTargets } from './re-signed-targets.js';
import { Refusal } from './refusal.js';
import { findRootUpdate, refuseWhileApplying, requireRootUpdate } from './require-root-update.js';
import { onlineKeysAfter, stagedRoots } from './staged-roots.js';
import type { RootUpdate, SandboxState, SandboxWave } from './state.js';

/**
 * Publishes the staged roots with everything that depends on them, all at once. Asked again while that is under way, it
 * completes it.
 *
 * @param reads 0, or how many reads of the update shall still see it being applied
 * @throws Refusal 404, 403, 423 (a Wave is active), 422
 */
export function applyRootUpdate(state: SandboxState, txid: string, reads: number, actor: Actor): SandboxState {
  const update = requireRootUpdate(state, txid, actor);
  if (update.readsUntilApplied !== null) return published(state, update);
  refuseLockedByWave(state, update, 423);
  const errors = checkRootUpdate(state, update, actor.now);
  if (errors.length > 0) throw new Refusal(422, 'The staged root updates cannot be applied', errors);
  return reads === 0 ? published(state, update) : { ...state, rootUpdate: { ...update, readsUntilApplied: reads } };
}

/** One more read of an update that is being applied. */
export function countRead(state: SandboxState): SandboxState {
  const { rootUpdate } = state;
  if (rootUpdate === null || rootUpdate.readsUntilApplied === null) return state;
  const left = rootUpdate.readsUntilApplied - 1;
  return left < 0 ? published(state, rootUpdate) : { ...state, rootUpdate: { ...rootUpdate, readsUntilApplied: left } };
}

/** @throws Refusal 404, 409 (it is being applied) */
export function cancelRootUpdate(state: SandboxState): SandboxState {
  refuseWhileApplying(findRootUpdate(state));
  return { ...state, rootUpdate: null };
}

function published(state: SandboxState, update: RootUpdate): SandboxState {
  const staged = stagedRoots(state, update);
  if (staged === null || update.production === null) throw new Refusal(422, 'Nothing has been changed yet');
  const keys = onlineKeysAfter(state, update);
  const root = staged.production.next.signed;
  const stagedOf = (all: RootUpdate['targetsSignatures'], name: string): RootUpdate['targetsSignatures'][string] =>
    Object.hasOwn(all, name) ? (all[name] ?? []) : [];
  const reSigned = (wave: SandboxWave): SandboxWave => {
    if (wave.status !== 'active' && wave.status !== 'needs-signatures') return wave;
    const { text, missing } = reSignedTargets(
      wave.targets,
      stagedOf(update.wavesSignatures, wave.name),
      root,
      keys.targets,
    );
    return { ...wave, targets: text, status: missing === 0 ? 'active' : 'needs-signatures' };
  };
  return {
    ...state,
    keys,
    rootUpdate: null,
    roots: { ci: [...state.roots.ci, update.ci], production: [...state.roots.production, update.production] },
    ciTargets: update.onlineKeys.targets === undefined ? state.ciTargets : signedOnlineAnew(state.ciTargets, keys),
    productionTargets: Object.fromEntries(
      Object.entries(state.productionTargets).map(([tag, text]) => [
        tag,
        reSignedTargets(text, stagedOf(update.targetsSignatures, tag), root, keys.targets).text,
      ]),
    ),
    waves: state.waves.map(reSigned),
  };
}

function signedOnlineAnew(text: string, { targets }: OnlineKeys): string {
  const { signedBytes } = parseTargets(Buffer.from(text));
  return serializeMetadata({ signatures: [signOnline(targets, signedBytes)], signedBytes }).toString('utf8');
}
