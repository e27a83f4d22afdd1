import { isCountersignError } from '../../errors.js';
import { parseTargets } from '../../tuf/index.js';
import { judgePublished, judgePublishedRoots, type PublishedDecision } from '../decide/index.js';
import type { Published, PublishedRoots } from '../protocol.js';
import type { RecoveryPlan } from './plan.js';
import { adopt, raise } from './plan-dossier.js';

/** Adds newer roots. What keys of ours signed among them is adopted with all other roots. @throws the codes of `judgePublishedRoots` */
export function planPublishedRoots(plan: RecoveryPlan, published: PublishedRoots): void {
  const { record } = judgePublishedRoots(published, plan.state, plan.keys);
  plan.add(record.filter(({ type }) => type !== 'freeze'));
}

/**
 * Adds what published metadata tells: newer roots, the watermark, and documents that a key of ours signed without anybody having
 * their request. Production targets that no Wave is named for are the tag's base: nothing is built on older ones any more.
 *
 * @throws the codes of `judgePublished`
 */
export function planPublished(plan: RecoveryPlan, published: Published): void {
  for (;;) {
    const judged = judge(plan, published);
    if (judged === null) return;
    const { record, foreign, line } = judged;
    plan.add(record.filter(({ type }) => type !== 'freeze'));
    if (foreign === null) {
      if (published.wave !== undefined) return;
      const { signed, sha256 } = parseTargets(Buffer.from(published.metadata, 'utf8'));
      raise(plan, line, { version: signed.version, sha256 }, 'base');
      return;
    }
    plan.add([adopt(foreign)]);
  }
}

/** Null for targets that no device would take under the roots that are known: a Factory may hold some that no offline key in force has signed. */
function judge({ state, keys }: RecoveryPlan, published: Published): PublishedDecision | null {
  try {
    return judgePublished(published, state, keys);
  } catch (error) {
    if (published.roots === undefined && isCountersignError(error, 'THRESHOLD_NOT_MET')) return null;
    throw error;
  }
}
