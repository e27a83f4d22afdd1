import type { Repository } from '../factory/index.js';
import type { SignedPolicy } from '../policy/index.js';
import { formatTime, type RootMetadata, type TargetsMetadata } from '../tuf/index.js';
import type { Statement } from './statement.js';

/** What a statement of any kind is made from. */
export interface StatementInput {
  /** Hex SHA-256 of policy version 1: the service's name. */
  readonly service: string;
  /** The policy in force. */
  readonly policy: SignedPolicy;
  readonly factory: string;
  /** `req_` and a ULID in lower case. */
  readonly id: string;
  readonly requester: Statement['requester'];
  readonly reason: string;
  readonly created: Date;
  /** When the statement, not what it is about, expires: at most 72 hours after `created`. */
  readonly expires: Date;
  /** The roots in force. */
  readonly roots: Readonly<Record<Repository, RootMetadata>>;
  readonly ciTargets: TargetsMetadata;
  readonly supersedes?: Statement['supersedes'];
}

/** The members that statements of every kind have, but for `kind`. */
export function headOf(input: StatementInput) {
  const { service, factory, id, policy, requester, reason, created, expires, supersedes = null } = input;
  return {
    _type: 'countersign/statement' as const,
    spec: 1 as const,
    service,
    factory,
    id,
    policy: { version: policy.policy.version, sha256: policy.sha256 },
    requester,
    reason,
    created: formatTime(created),
    expires: formatTime(expires),
    supersedes,
  };
}

/** The part of `base` that statements of every kind have. */
export function trustOf({ roots, ciTargets }: Pick<StatementInput, 'roots' | 'ciTargets'>) {
  return {
    root: { version: roots.production.signed.version, ci: roots.ci.sha256, production: roots.production.sha256 },
    ciTargets: { version: ciTargets.signed.version, sha256: ciTargets.sha256 },
  };
}
