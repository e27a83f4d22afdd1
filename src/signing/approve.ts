import { CountersignError } from '../errors.js';
import { NAMESPACES } from '../approval/index.js';
import { requireSamePerson, requireScope } from './authorize.js';
import { findRequest, policyOf, type Context } from './context.js';
import { isRequester } from './count-approvals.js';
import { findOfficer } from './find-officer.js';
import { eventOf } from './move.js';
import { findOpened } from './open-request.js';
import { notInState } from './request-state.js';
import type { Caller } from './service.js';
import type { StoredRequest } from './store-port.js';

/**
 * Takes an officer's approval: an SSH signature over the statement's very bytes. The same officer's again changes
 * nothing.
 *
 * @throws SSHSIG_…, OFFICER_UNKNOWN, FORBIDDEN, APPROVAL_NOT_COUNTED, REQUEST_STATE, STATEMENT_EXPIRED
 */
export async function approve(context: Context, id: string, sshsig: string, caller: Caller): Promise<StoredRequest> {
  requireScope(caller, 'decide');
  const request = await findOpened(context, id);
  const signed = { armored: sshsig, namespace: NAMESPACES.approve, message: request.statement };
  const { person, fingerprint } = findOfficer(policyOf(context, request), signed);
  requireSamePerson(caller, person);
  if (isRequester(request, person)) {
    throw new CountersignError('APPROVAL_NOT_COUNTED', `${person} asked for this and cannot approve it`, {
      hint: 'Another officer has to.',
      details: { person },
    });
  }
  const now = context.clock.now();
  if (request.state === 'open' && Date.parse(request.expires) <= now.getTime()) {
    context.changed(id);
    throw new CountersignError('STATEMENT_EXPIRED', `the statement expired at ${request.expires}`, {
      hint: 'Whoever still wants it asks anew.',
    });
  }
  await context.step('approve:before-store', id);
  const at = now.toISOString();
  const event = eventOf(context, 'approved', request, {
    actor: person,
    details: { fingerprint, statement: request.statementSha256 },
  });
  const outcome = await context.store.requests.addApproval(id, { person, fingerprint, sshsig, at }, event);
  if (outcome === 'state') throw notInState(await findRequest(context, id), 'approved');
  await context.step('approve:after-store', id);
  context.changed(id);
  return findRequest(context, id);
}
