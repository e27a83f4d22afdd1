import { applyRootChanges, type RootChange, type RootUpdate, type TargetsDocument } from '../factory/index.js';
import { factoryOf } from '../policy/index.js';
import type { Key } from '../tuf/index.js';
import { describeBaseTargets } from './base-targets.js';
import { checkRootUpdate } from './check-root-update.js';
import { checkStatement } from './check-statement.js';
import { describeDocuments } from './root-documents.js';
import { RootMatter } from './root-matter.js';
import type { RootStatement, StatementKey } from './root-statement.js';
import { encodeStatement } from './statement.js';
import { headOf, trustOf, type StatementInput } from './statement-input.js';
import type { BaseDocument } from './verified-dossier.js';

export interface RootStatementInput extends StatementInput {
  /** With `re-sign` and `adopt`: as chooseReSigned gives them. */
  readonly changes: readonly RootChange[];
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
  for await (const document of input.documents) matter.take(describeBaseTargets(document, matter.base.production));
  matter.end();
  const update = applyRootChanges(changes, matter.base);
  const production = matter.baseDocuments.filter(({ wave }) => wave === null);
  const waves = matter.baseDocuments.flatMap(({ wave, ...document }) => (wave === null ? [] : [{ ...document, wave }]));
  const statement: RootStatement = {
    ...headOf(input),
    kind: 'root',
    base: {
      ...trustOf(input),
      targets: Object.fromEntries(production.map((document) => [document.tag, digestOf(document)])),
      waves: Object.fromEntries(waves.map((document) => [document.wave, { tag: document.tag, ...digestOf(document) }])),
    },
    changes: [...changes],
    keys: [...input.keys],
    documents: describeDocuments(update, matter.reSigned, [...input.sign].sort()),
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
