import { CountersignError } from '../errors.js';
import { checkRootRules, type RootUpdate } from '../factory/index.js';
import { factoryOf, kindOf, leastKeysOf, type Policy, type PolicyFactory } from '../policy/index.js';
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
 * @throws STATEMENT_BASE_MISMATCH it was begun at another address than the policy's, ROOT_*, EXPIRES_BEYOND_POLICY, STATEMENT_KEYS_MISMATCH, KEY_*, SIGN_KEY_NOT_IN_ROLE, THRESHOLD_NOT_MET,
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
  const factory = factoryOf(policy, statement.factory);
  requireUpstream(statement, factory);
  checkRootRules(changes, matter.base, {
    created: new Date(created),
    maxExpiresDays: kindOf(policy, 'root').maxExpiresDays,
    leastKeys: leastKeysOf(policy),
    keysOfOtherFactories,
  });
  checkStatementKeys(statement, matter.plan, factory);
  const { sign } = documents[0];
  checkRootSign(sign, update.signers);
  checkDocuments(documents, describeDocuments(update, matter.reSigned, sign));
  return requireDifference(changes, matter.base, update);
}

/** Where the update was begun is the Factory that officers read of: a server elsewhere would stage it for other devices. */
function requireUpstream({ upstream }: RootStatement, { name, url }: PolicyFactory): void {
  const plainly = (address: string): string => address.replace(/\/+$/, '');
  if (upstream === null || plainly(upstream.url) === plainly(url)) return;
  throw new CountersignError(
    'STATEMENT_BASE_MISMATCH',
    `the root update was begun at ${upstream.url}, and the policy has the Factory ${name} at ${url}`,
    { pointer: '/upstream/url', details: { factory: name } },
  );
}
