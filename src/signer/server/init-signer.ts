import type { Pins } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { parsePolicy, serializePolicy, type SignedPolicy, verifyPolicyChain } from '../../policy/index.js';
import { createJournal, type JournalBodyOf, type JournalHead } from '../journal/index.js';
import type { TokenKey } from '../token-types.js';
import { newKeys } from './new-keys.js';

export interface InitOptions {
  /** Made if it is missing, for its owner alone. */
  readonly stateDir: string;
  /** policy.json of every version, version 1 first. */
  readonly policies: readonly (Uint8Array | string)[];
  /** What the operator was told over another channel. */
  readonly pins: Pins;
  /** The keys of the tokens, as far as they exist already; others are recorded when they are first seen. */
  readonly keys: readonly TokenKey[];
  readonly now: Date;
}

export interface InitReport {
  readonly policy: SignedPolicy;
  readonly factories: readonly string[];
  readonly keyids: readonly string[];
  readonly journal: JournalHead;
}

/**
 * Makes a signer's journal: which service it signs for, under which policy, for which Factories, with which keys. From then on the
 * journal is what the signer believes.
 *
 * @throws POLICY_INVALID, POLICY_NOT_PINNED, POLICY_NOT_SIGNED, POLICY_CHAIN_BROKEN
 * @throws PINS_MISSING, ROOT_NOT_TRUSTED the pins and the policy do not name the same first roots
 * @throws SIGNER_ALREADY_INITIALISED, SIGNER_BUSY, JOURNAL_WRITE_FAILED
 */
export async function initSigner({ stateDir, policies, pins, keys, now }: InitOptions): Promise<InitReport> {
  const chain = policies.map((text) => parsePolicy(text));
  const policy = verifyPolicyChain(chain, pins);
  const roots = firstRoots(policy, pins);
  const keyEntries = newKeys(null, keys);
  const journal = await createJournal(stateDir, now, [
    { type: 'init', format: 1, service: pins.policySha256, roots },
    ...chain.map(policyEntry),
    ...keyEntries,
  ]);
  return { policy, factories: Object.keys(roots), keyids: keyEntries.map(({ keyid }) => keyid), journal };
}

/** The officers' policy and the operator's pins have to agree on every Factory. */
function firstRoots({ policy }: SignedPolicy, { firstRootSha256 }: Pins): Record<string, string> {
  const entries = policy.factories.map(({ name, firstRoot }): [string, string] => {
    const pinned = Object.hasOwn(firstRootSha256, name) ? firstRootSha256[name] : undefined;
    if (pinned === undefined) {
      throw new CountersignError('PINS_MISSING', `no first root is trusted for the Factory ${name}`, {
        hint: 'get its digest over another channel and pin it with countersign trust',
        details: { factory: name },
      });
    }
    if (pinned !== firstRoot.sha256) {
      throw new CountersignError(
        'ROOT_NOT_TRUSTED',
        `the policy names another first root of ${name} than the pinned one`,
        {
          details: { factory: name, policy: firstRoot.sha256, pinned },
        },
      );
    }
    return [name, pinned];
  });
  return Object.fromEntries(entries);
}

function policyEntry(signed: SignedPolicy): JournalBodyOf<'policy'> {
  return { type: 'policy', version: signed.policy.version, sha256: signed.sha256, text: serializePolicy(signed) };
}
