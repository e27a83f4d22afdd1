import { CountersignError } from '../../errors.js';
import type { GatewayAnswer } from '../answer.js';
import type { GatewayCall } from '../call.js';
import { callerOf, type Identity } from '../identify.js';
import type { RootUpdateDependencies } from './deps.js';
import { requestOf, requireDraft } from './find-draft.js';
import { describeProgress } from './describe-progress.js';

/**
 * Gives a draft up, and withdraws what was asked for by it.
 *
 * @throws NOT_FOUND, FORBIDDEN it is signed: only an officer can give it up; REQUEST_STATE it is in force
 */
export async function cancelDraft(
  deps: RootUpdateDependencies,
  call: GatewayCall,
  identity: Identity,
): Promise<GatewayAnswer> {
  const draft = await requireDraft(deps, call, identity, '');
  const request = await requestOf(deps, draft);
  if (request !== null && request.state !== 'closed' && request.state !== 'abandoned') {
    if (request.state === 'delivered') {
      await deps.drafts.remove(draft);
      throw new CountersignError('REQUEST_STATE', `it is too late: ${describeProgress(request)}`);
    }
    const [key] = identity.requestKeys.filter(({ name }) => name === request.requester.name);
    if (key === undefined) throw new CountersignError('REQUEST_KEY_MISSING', 'your request keys were revoked');
    await deps.signing.cancel(request.id, callerOf(key), 'cancelled with fioctl');
  }
  await deps.drafts.remove(draft);
  return { status: 200, body: {} };
}
