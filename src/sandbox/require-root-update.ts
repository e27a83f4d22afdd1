import type { Actor } from './actor.js';
import { Refusal } from './refusal.js';
import type { RootUpdate, SandboxState } from './state.js';

/** @throws Refusal 404 */
export function findRootUpdate({ rootUpdate }: SandboxState): RootUpdate {
  if (rootUpdate === null) throw new Refusal(404, 'There is no root updates transaction');
  return rootUpdate;
}

/**
 * The root update under way, for who began it (the `txid` may be empty) or who was told its `txid`.
 *
 * @throws Refusal 404, 403
 */
export function requireRootUpdate(state: SandboxState, txid: string, { polisId }: Actor): RootUpdate {
  const update = findRootUpdate(state);
  if (txid === update.txid || (txid === '' && polisId === update.created.by)) return update;
  throw new Refusal(403, 'Wrong or missing transaction ID');
}

/**
 * As requireRootUpdate, and nothing is being published yet.
 *
 * @throws Refusal 404, 403, 409
 */
export function requireStartedUpdate(state: SandboxState, txid: string, actor: Actor): RootUpdate {
  const update = requireRootUpdate(state, txid, actor);
  refuseWhileApplying(update);
  return update;
}

/** @throws Refusal 409 */
export function refuseWhileApplying({ readsUntilApplied }: RootUpdate): void {
  if (readsUntilApplied !== null) throw new Refusal(409, 'The root updates are being applied');
}
