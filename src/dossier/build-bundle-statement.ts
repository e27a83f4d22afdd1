import { diffBundle } from '../factory/index.js';
import { factoryOf } from '../policy/index.js';
import type { OfflineBundleMetadata, TargetsMetadata } from '../tuf/index.js';
import type { BundleStatement } from './bundle-statement.js';
import { checkBundle } from './check-bundle.js';
import { checkStatement } from './check-statement.js';
import { encodeStatement } from './statement.js';
import { headOf, trustOf, type StatementInput } from './statement-input.js';

export interface BundleStatementInput extends Omit<StatementInput, 'supersedes'> {
  /** With the signatures that it came with. */
  readonly bundle: OfflineBundleMetadata;
  /** The targets beside it. */
  readonly targets: TargetsMetadata;
  /** Keyids to sign with. */
  readonly sign: readonly string[];
}

/**
 * Writes the statement of an offline bundle. What verifyDossier would refuse whatever is approved later, is refused here
 * already, but for the root chains and the clock.
 *
 * @throws what diffBundle throws; FACTORY_NOT_IN_POLICY, KIND_NOT_ALLOWED, STATEMENT_INVALID, STATEMENT_LIFETIME, EXPIRES_BEYOND_POLICY,
 *   BUNDLE_*, THRESHOLD_NOT_MET, SIGN_KEY_NOT_IN_ROLE, SIGN_KEY_ONLINE, STATEMENT_BASE_MISMATCH
 */
export function buildBundleStatement(input: BundleStatementInput): { statement: BundleStatement; text: string } {
  const { policy, roots, ciTargets, bundle, targets } = input;
  factoryOf(policy.policy, input.factory);
  const change = diffBundle(bundle.signed);
  const { tag, version, expires } = change;
  const statement: BundleStatement = {
    ...headOf(input),
    kind: 'bundle',
    base: { ...trustOf(input), targets: { [tag]: { version: targets.signed.version, sha256: targets.sha256 } } },
    changes: [change],
    keys: [],
    documents: [
      {
        role: 'targets',
        repository: 'production',
        ...{ tag, version, expires, length: bundle.signedBytes.length, sha256: bundle.sha256, sign: [...input.sign] },
      },
    ],
    supersedes: null,
    upstream: null,
  };
  const text = encodeStatement(statement);
  const rules = checkStatement(statement, policy, { policySha256: input.service, firstRootSha256: {} });
  checkBundle(statement, { roots, ciTargets, targets: { tag, metadata: targets }, bundle }, rules);
  return { statement, text };
}
