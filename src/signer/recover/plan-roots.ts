import { REPOSITORIES } from '../../factory/index.js';
import { findAllForeignSignatures, ownKeys, rootsFrom } from '../decide/index.js';
import { adopt } from './plan-dossier.js';
import type { RecoveryPlan } from './plan.js';

/**
 * Adopts published roots that a key of ours signed without anybody having their request. All that are known are looked at: a root that was
 * shown to the signer stands in its journal and froze the role there, which only this explains.
 */
export function planRoots(plan: RecoveryPlan, factory: string): void {
  const { state } = plan;
  const own = ownKeys(state, plan.keys);
  for (const repository of REPOSITORIES) {
    const seen = rootsFrom(0, state.rootsOf(factory, repository), repository);
    plan.add(findAllForeignSignatures(seen, own, state, factory).map(adopt));
  }
}
