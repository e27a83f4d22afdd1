import { NAMESPACES, parseRejection, verifySshSignature } from '../../approval/index.js';
import { parseStatement, statementSha256 } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { findOfficerByKey, parsePolicy, type SignedPolicy, verifyPolicyChain } from '../../policy/index.js';
import {
  isComplete,
  type JournalBody,
  type JournalBodyOf,
  type JournalEntryOf,
  type SignerState,
} from '../journal/index.js';
import type { Veto } from '../protocol.js';
import { newPolicies } from './policies.js';

export interface VetoDecision {
  /** Policies that were new, without the veto itself. */
  readonly record: readonly JournalBody[];
  /** What to write, or what was written when this officer rejected this statement before. */
  readonly veto: JournalBodyOf<'veto'> | JournalEntryOf<'veto'>;
  readonly isNew: boolean;
}

/**
 * Judges a rejection that was sent on its own: by an officer of the policy in force, over a statement of this service.
 * Whether there ever was such a request does not matter, there will not be now.
 *
 * @throws STATEMENT_INVALID, STATEMENT_OTHER_SERVICE, INPUT_INVALID or CANONICAL_UNSAFE (no rejection, or one of another statement),
 *   SSHSIG_*, OFFICER_UNKNOWN; POLICY_* and VERSION_ROLLBACK for `policies`
 */
export function judgeVeto(veto: Veto, state: SignerState): VetoDecision {
  const statement = parseStatement(veto.statement);
  if (statement.service !== state.service) {
    throw new CountersignError('STATEMENT_OTHER_SERVICE', 'the statement was made for another service', {
      pointer: '/statement',
      details: { service: statement.service },
    });
  }
  const sha256 = statementSha256(veto.statement);
  const rejection = parseRejection(veto.rejection);
  if (rejection.statementSha256 !== sha256) {
    throw new CountersignError('INPUT_INVALID', 'the rejection names another statement', {
      pointer: '/rejection',
      details: { statement: sha256, rejected: rejection.statementSha256 },
    });
  }
  const { policy, record } = policyInForce(veto, state);
  const person = personOf(veto, policy);
  const before = state.vetoes.get(sha256)?.find((known) => known.person === person);
  if (before !== undefined) return { record, veto: before, isNew: false };
  const intent = state.intents.get(sha256);
  return {
    record,
    veto: {
      type: 'veto',
      factory: statement.factory,
      id: statement.id,
      statement: sha256,
      person,
      rejection: veto.rejection,
      sshsig: veto.sshsig,
      signed: intent !== undefined && isComplete(intent),
    },
    isNew: true,
  };
}

function personOf({ rejection, sshsig }: Veto, { policy }: SignedPolicy): string {
  const { publicKey } = verifySshSignature({
    armored: sshsig,
    namespace: NAMESPACES.reject,
    message: Buffer.from(rejection, 'utf8'),
  });
  const officer = findOfficerByKey(policy, publicKey);
  if (officer !== null) return officer.person;
  throw new CountersignError('OFFICER_UNKNOWN', `the key belongs to no officer of policy version ${policy.version}`, {
    pointer: '/sshsig',
    details: { fingerprint: publicKey.fingerprint, version: policy.version },
  });
}

function policyInForce({ policies }: Veto, state: SignerState): { policy: SignedPolicy; record: JournalBody[] } {
  if (policies !== undefined) {
    const chain = policies.map((text) => parsePolicy(text));
    const policy = verifyPolicyChain(chain, { policySha256: state.service });
    return { policy, record: newPolicies(chain, state) };
  }
  const policy = state.policies.at(-1);
  if (policy === undefined) throw new CountersignError('INTERNAL', 'the journal holds no policy');
  return { policy, record: [] };
}
