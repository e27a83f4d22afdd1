import { parseTargets } from '../../tuf/index.js';
import { judgePublished } from '../decide/index.js';
import type { Published } from '../protocol.js';
import type { RecoveryPlan } from './plan.js';
import { adopt, raise } from './plan-dossier.js';

/**
 * Adds what published metadata tells: newer roots, the watermark, and documents that a key of ours signed without anybody having
 * their request. Production targets that no Wave is named for are the tag's base: nothing is built on older ones any more.
 *
 * @throws the codes of `judgePublished`
 */
export function planPublished(plan: RecoveryPlan, published: Published): void {
  for (;;) {
    const { record, foreign, line } = judgePublished(published, plan.state, plan.keys);
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
