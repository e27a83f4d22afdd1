import { CountersignError } from '../errors.js';
import { NAMESPACES, parseRejection } from '../approval/index.js';
import { requireSamePerson, requireScope } from './authorize.js';
import { findRequest, policyOf, type Context } from './context.js';
import { findOfficer } from './find-officer.js';
import { eventOf } from './move.js';
import { findOpened } from './open-request.js';
import { notInState } from './request-state.js';
import { sendVeto } from './send-veto.js';
import type { Caller } from './service.js';
import type { StoredRequest } from './store-port.js';

/**
 * Takes an officer's rejection: the request is closed, and the signer is told at once, so that it refuses the
 * statement whoever brings it. A signer that cannot be reached is told as soon as it can.
 *
 * @throws INPUT_INVALID (a rejection of something else), SSHSIG_…, OFFICER_UNKNOWN, FORBIDDEN, REQUEST_STATE
 */
export async function reject(
  context: Context,
  id: string,
  { rejection, sshsig }: { rejection: string; sshsig: string },
  caller: Caller,
): Promise<StoredRequest> {
  requireScope(caller, 'decide');
  const request = await findOpened(context, id);
  const { statementSha256, reason } = parseRejection(rejection);
  if (statementSha256 !== request.statementSha256) {
    throw new CountersignError('INPUT_INVALID', 'the rejection names another statement', {
      pointer: '/rejection',
      details: { statement: request.statementSha256 },
    });
  }
  const signed = { armored: sshsig, namespace: NAMESPACES.reject, message: rejection };
  const { person, fingerprint } = findOfficer(policyOf(context, request), signed);
  requireSamePerson(caller, person);

  const at = context.clock.now().toISOString();
  const details = { fingerprint, statement: request.statementSha256, reason };
  const outcome = await context.store.requests.addRejection(
    id,
    { person, fingerprint, sshsig, at, rejection, reason },
    [
      eventOf(context, 'rejected', request, { actor: person, details }),
      eventOf(context, 'closed', request, { details: { because: 'rejected' } }),
    ],
  );
  if (outcome === 'state') throw notInState(await findRequest(context, id), 'rejected');
  await context.step('reject:after-store', id);
  const stored = (await context.store.requests.rejections(id)).find((known) => known.person === person);
  if (stored !== undefined) await sendVeto(context, request, stored);
  context.changed(id);
  return findRequest(context, id);
}
