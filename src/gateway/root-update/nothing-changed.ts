import { isCountersignError } from '../../errors.js';
import { PassedOn, type GatewayAnswer } from '../answer.js';
import { toFactoryError } from '../factory-error.js';

/** With any other of 400 and more, fioctl says that the update may have been applied in part. */
const NOTHING_CHANGED: readonly number[] = [400, 401, 403, 422, 423];
/** In the way for now: somebody else's root update, a Wave, something that does not answer. */
const MAY_PASS: readonly number[] = [409, 429, 500, 502, 503, 504];
const [IMPOSSIBLE, LOCKED] = [422, 423];

/**
 * Has `apply` end by a status after which fioctl tells its user that nothing was changed, also where the Factory's own answer is
 * handed on: whatever went wrong here, the Factory was not asked to apply anything by this call.
 *
 * @throws NOT_FOUND there is no transaction, after which fioctl looks for itself; and what is no error of ours
 */
export async function withNothingChanged(apply: () => Promise<GatewayAnswer>): Promise<GatewayAnswer> {
  try {
    return await apply();
  } catch (error) {
    if (isCountersignError(error, 'NOT_FOUND')) throw error;
    const answer = answerOf(error);
    if (answer === null || NOTHING_CHANGED.includes(answer.status)) throw error;
    return { ...answer, status: MAY_PASS.includes(answer.status) ? LOCKED : IMPOSSIBLE };
  }
}

function answerOf(error: unknown): GatewayAnswer | null {
  if (error instanceof PassedOn) return error.answer;
  return isCountersignError(error) ? toFactoryError(error) : null;
}
