import {
  applyRootChanges,
  type Repository,
  type RootChange,
  type RootUpdate,
  type TargetsDocument,
} from '../factory/index.js';
import { factoryOf, type SignedPolicy } from '../policy/index.js';
import { formatTime, type Key, type RootMetadata, type TargetsMetadata } from '../tuf/index.js';
import { checkRootUpdate } from './check-root-update.js';
import { checkStatement } from './check-statement.js';
import { describeDocuments } from './root-documents.js';
import { RootMatter } from './root-matter.js';
import type { RootStatement, StatementKey } from './root-statement.js';
import { encodeStatement } from './statement.js';
import type { BaseDocument } from './verified-dossier.js';

export interface RootStatementInput {
  /** Hex SHA-256 of policy version 1: the service's name. */
  readonly service: string;
  /** The policy in force. */
  readonly policy: SignedPolicy;
  readonly factory: string;
  /** `req_` and a ULID in lower case. */
  readonly id: string;
  /** With `re-sign` and `adopt`: as chooseReSigned gives them. */
  readonly changes: readonly RootChange[];
  readonly requester: RootStatement['requester'];
  readonly reason: string;
  readonly created: Date;
  /** When the statement, not the root, expires: at most 72 hours after `created`. */
  readonly expires: Date;
  /** The roots in force. */
  readonly roots: Readonly<Record<Repository, RootMetadata>>;
  readonly ciTargets: TargetsMetadata;
  /**
   * Every production targets document of the Factory, ascending by tag, then those of all active Waves, ascending by Wave.
   * One is held at a time.
   */
  readonly documents: Iterable<TargetsDocument> | AsyncIterable<TargetsDocument>;
  /** Of every new offline key, in the order of the changes. */
  readonly keys: readonly StatementKey[];
  /** Keys in tokens that are to sign the roots, in any order. What they lack of the old threshold has to come from outside. */
  readonly sign: readonly string[];
  /** As far as they are known. */
  readonly keysOfOtherFactories?: readonly Key[];
  readonly supersedes?: RootStatement['supersedes'];
  readonly upstream: RootStatement['upstream'];
}

/**
 * Writes the statement of a root update and the roots that it is about. What verifyDossier would refuse whatever is approved
 * later, is refused here already, but for the root chains and the clock.
 *
 * @returns the statement, its text, and the new roots
 * @throws what planRootUpdate, reSignDocuments, diffRoot and checkRootRules throw; FACTORY_NOT_IN_POLICY, KIND_NOT_ALLOWED,
 *   STATEMENT_INVALID, STATEMENT_LIFETIME, STATEMENT_KEYS_MISMATCH, KEY_ROLE_MISMATCH, KEY_ATTRIBUTES, KEY_PROOF_INVALID,
 *   SIGN_KEY_NOT_IN_ROLE, THRESHOLD_NOT_MET
 */
export async function buildRootStatement(input: RootStatementInput): Promise<{
  statement: RootStatement;
  text: string;
  update: RootUpdate;
}> {
  const { policy, roots, ciTargets, changes } = input;
  factoryOf(policy.policy, input.factory);
  const matter = new RootMatter(changes, roots, ciTargets);
  for await (const document of input.documents) matter.take(document);
  matter.end();
  const update = applyRootChanges(changes, matter.base);
  const production = matter.baseDocuments.filter(({ wave }) => wave === null);
  const waves = matter.baseDocuments.flatMap(({ wave, ...document }) => (wave === null ? [] : [{ ...document, wave }]));
  const statement: RootStatement = {
    _type: 'countersign/statement',
    spec: 1,
    service: input.service,
    factory: input.factory,
    id: input.id,
    kind: 'root',
    policy: { version: policy.policy.version, sha256: policy.sha256 },
    requester: input.requester,
    reason: input.reason,
    created: formatTime(input.created),
    expires: formatTime(input.expires),
    base: {
      root: { version: roots.ci.signed.version, ci: roots.ci.sha256, production: roots.production.sha256 },
      ciTargets: { version: ciTargets.signed.version, sha256: ciTargets.sha256 },
      targets: Object.fromEntries(production.map((document) => [document.tag, digestOf(document)])),
      waves: Object.fromEntries(waves.map((document) => [document.wave, { tag: document.tag, ...digestOf(document) }])),
    },
    changes: [...changes],
    keys: [...input.keys],
    documents: describeDocuments(update, matter.reSigned, [...input.sign].sort()),
    supersedes: input.supersedes ?? null,
    upstream: input.upstream,
  };
  const text = encodeStatement(statement);
  checkStatement(statement, policy, { policySha256: input.service, firstRootSha256: {} });
  checkRootUpdate(statement, matter, update, policy.policy, input.keysOfOtherFactories);
  return { statement, text, update };
}

function digestOf({ version, sha256 }: Pick<BaseDocument, 'version' | 'sha256'>): { version: number; sha256: string } {
  return { version, sha256 };
}
