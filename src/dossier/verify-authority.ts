import type { Repository } from '../factory/index.js';
import { factoryOf, parsePolicy, verifyPolicyChain, type KindRules, type SignedPolicy } from '../policy/index.js';
import { parseRoot, type RootMetadata } from '../tuf/index.js';
import { checkRootChain } from './check-roots.js';
import { checkStatement } from './check-statement.js';
import type { Pins } from './pins.js';
import { Recall } from './recall.js';
import { parseStatement, statementSha256, type Statement } from './statement.js';

/** The lines of a dossier down to the statement. */
export interface AuthorityTexts {
  readonly policies: readonly string[];
  readonly roots: Readonly<Record<Repository, readonly string[]>>;
  readonly statement: string;
}

/** Under whose authority a statement stands: the policy in force and the roots, each from the verifier's pins on. */
export interface Authority {
  readonly statement: Statement;
  readonly statementSha256: string;
  readonly policies: readonly SignedPolicy[];
  readonly policy: SignedPolicy;
  readonly rules: KindRules;
  readonly rootChains: Readonly<Record<Repository, readonly RootMetadata[]>>;
  readonly roots: Readonly<Record<Repository, RootMetadata>>;
}

/** Statements, policies and roots have some kilobytes each. */
const recall = new Recall<Authority>(8 * 1024 * 1024);

/**
 * Verifies everything that a statement stands under, but for the clock: policy chain, root chains, and what the statement
 * says about itself. A pure function of its arguments, remembered for the same ones.
 *
 * @throws POLICY_*, FACTORY_NOT_IN_POLICY, PINS_MISSING, ROOT_NOT_TRUSTED, THRESHOLD_NOT_MET, VERSION_*, STATEMENT_*, KIND_NOT_ALLOWED
 */
export function verifyAuthority(texts: AuthorityTexts, pins: Pins): Authority {
  return recall.get(authorityKey(texts, pins), () => compute(texts, pins));
}

/** All that the authority follows from, for `Recall`. */
export function authorityKey({ policies, roots, statement }: AuthorityTexts, pins: Pins): (string | null)[] {
  const pinned = Object.entries(pins.firstRootSha256).flat();
  return [
    ...[pins.policySha256, ...pinned, null],
    ...[...policies, null],
    ...[...roots.ci, null, ...roots.production, null],
    statement,
  ];
}

function compute({ policies: policyTexts, roots: rootTexts, statement: text }: AuthorityTexts, pins: Pins): Authority {
  const policies = policyTexts.map((policyText) => parsePolicy(policyText));
  const policy = verifyPolicyChain(policies, pins);
  const parse = (repository: Repository): RootMetadata[] =>
    rootTexts[repository].map((rootText) => parseRoot(Buffer.from(rootText, 'utf8')));
  const rootChains = { ci: parse('ci'), production: parse('production') };
  const statement = parseStatement(text);
  const factory = factoryOf(policy.policy, statement.factory);
  const roots = {
    ci: checkRootChain('ci', rootChains.ci, factory, pins),
    production: checkRootChain('production', rootChains.production, factory, pins),
  };
  const rules = checkStatement(statement, policy, pins);
  return { statement, statementSha256: statementSha256(text), policies, policy, rules, rootChains, roots };
}
