import { NAMESPACES } from '../../src/approval/index.js';
import { type Policy, type PolicyDraft, signedPolicy, type SignedPolicy } from '../../src/policy/index.js';
import { softKey, type SoftKey } from '../support/ssh-forge.js';

/** Keys of five people, one for each kind of key that is quick to make; ada has a second one. */
export const KEYS = {
  ada: softKey('ssh-ed25519', { comment: 'ada' }),
  adaSpare: softKey('sk-ecdsa-sha2-nistp256@openssh.com', { comment: 'ada, spare' }),
  ben: softKey('ecdsa-sha2-nistp256', { comment: 'ben' }),
  cleo: softKey('sk-ssh-ed25519@openssh.com', { comment: 'cleo' }),
  dan: softKey('ecdsa-sha2-nistp384', { comment: 'dan' }),
  eve: softKey('ssh-ed25519', { comment: 'eve' }),
} as const;

export const RULES = { quorum: 2, maxExpiresDays: 365, singleOfficer: false } as const;

/** Three officers, two of whom suffice. */
export function draftOf(change: Partial<PolicyDraft> = {}): PolicyDraft {
  return {
    version: 1,
    created: '2030-01-01T00:00:00Z',
    previous: null,
    officers: [
      { person: 'ada', keys: [KEYS.ada.line, KEYS.adaSpare.line] },
      { person: 'ben', keys: [KEYS.ben.line] },
      { person: 'cleo', keys: [KEYS.cleo.line] },
    ],
    kinds: { wave: RULES, policy: RULES },
    factories: [
      {
        name: 'acme',
        url: 'https://api.factory.example',
        firstRoot: { version: 1, sha256: 'a'.repeat(64) },
        tokens: [{ label: 'acme targets', serial: null, roles: ['targets'] }],
      },
    ],
    ...change,
  };
}

/** Signs a policy as the given people, each with one key. */
export function signAs(policy: Policy, signers: Readonly<Record<string, SoftKey>>): SignedPolicy {
  const { text } = signedPolicy(policy);
  const signatures = Object.entries(signers).map(([person, key]) => ({
    person,
    sshsig: key.sign(NAMESPACES.policy, text),
  }));
  return signedPolicy(policy, signatures);
}
