import { isCountersignError } from '../errors.js';
import { NAMESPACES, verifySshSignature } from '../approval/index.js';
import { findOfficerByKey, kindOf, type SignedPolicy } from '../policy/index.js';
import type { RequestView } from './service.js';
import type { StoredApproval, StoredRequest } from './store-port.js';

/**
 * How far the approvals go, by the policy of the request. Each signature is verified again, so that a row that
 * somebody put into the database counts no more here than it does with the signer.
 */
export function countApprovals(
  request: Pick<StoredRequest, 'kind' | 'requester' | 'statement'>,
  approvals: readonly StoredApproval[],
  { policy }: SignedPolicy,
): RequestView['quorum'] {
  const { quorum: needed, singleOfficer } = kindOf(policy, request.kind);
  const statement = Buffer.from(request.statement, 'utf8');
  const counted = approvals.filter(
    (approval) => !isRequester(request, approval.person) && holds(approval, statement, policy),
  );
  const persons = [...new Set(counted.map(({ person }) => person))];
  return { needed, persons, missing: Math.max(0, needed - persons.length), singleOfficer };
}

/** Names are compared without case: the requester's comes from the service's own tables. */
export function isRequester(request: Pick<StoredRequest, 'requester'>, person: string): boolean {
  return request.requester.name.toLowerCase() === person.toLowerCase();
}

function holds({ sshsig, person }: StoredApproval, statement: Buffer, policy: SignedPolicy['policy']): boolean {
  try {
    const { publicKey } = verifySshSignature({ armored: sshsig, namespace: NAMESPACES.approve, message: statement });
    return findOfficerByKey(policy, publicKey)?.person === person;
  } catch (error) {
    if (isCountersignError(error)) return false;
    throw error;
  }
}
