import { checkRootRules, type RootUpdate } from '../factory/index.js';
import { factoryOf, kindOf, leastKeysOf, type Policy } from '../policy/index.js';
import type { Key, Root } from '../tuf/index.js';
import { checkRootSign } from './check-root-sign.js';
import { checkStatementKeys } from './check-statement-keys.js';
import { checkDocuments, describeDocuments, requireDifference } from './root-documents.js';
import type { RootMatter } from './root-matter.js';
import type { RootStatement } from './root-statement.js';

/**
 * Checks a root update's statement against what it is about, all of whose targets documents were taken.
 *
 * @param update what the statement's changes make of its base
 * @param keysOfOtherFactories as far as they are known
 * @returns the new roots
 * @throws ROOT_*, EXPIRES_BEYOND_POLICY, STATEMENT_KEYS_MISMATCH, KEY_*, SIGN_KEY_NOT_IN_ROLE, THRESHOLD_NOT_MET,
 *   STATEMENT_DOCUMENT_MISMATCH, CHANGES_DO_NOT_REPRODUCE
 */
export function checkRootUpdate(
  statement: RootStatement,
  matter: RootMatter,
  update: RootUpdate,
  policy: Policy,
  keysOfOtherFactories: readonly Key[] = [],
): { ci: Root; production: Root } {
  const { changes, created, documents } = statement;
  checkRootRules(changes, matter.base, {
    created: new Date(created),
    maxExpiresDays: kindOf(policy, 'root').maxExpiresDays,
    leastKeys: leastKeysOf(policy),
    keysOfOtherFactories,
  });
  checkStatementKeys(statement, matter.plan, factoryOf(policy, statement.factory));
  const { sign } = documents[0];
  checkRootSign(sign, update.signers);
  checkDocuments(documents, describeDocuments(update, matter.reSigned, sign));
  return requireDifference(changes, matter.base, update);
}
