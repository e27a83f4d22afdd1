import { CountersignError } from '../../errors.js';
import type { OfflineRole, RootBase } from '../../factory/index.js';
import type { PolicyFactory } from '../../policy/index.js';
import { keyidOf } from '../../tuf/index.js';
import type { SignerKey } from '../ports.js';

/** Keys that wait for a root update; each is taken once. */
export interface StandbyKeys {
  /** @throws STANDBY_KEY_MISSING */
  take(role: OfflineRole, wanted: { readonly keytype?: 'ED25519' | 'RSA'; readonly token?: string }): SignerKey;
}

/**
 * The standby keys of a Factory: in tokens that its policy names for the role. Those that an earlier request of the same
 * purpose was to bring in come first, then those whose token is there now. A key that the root in force names is none: the signer
 * may not have seen that root yet.
 */
export function createStandbyKeys(
  factory: PolicyFactory,
  { ci }: Pick<RootBase, 'ci'>,
  signerKeys: readonly SignerKey[],
  preferred: readonly string[] = [],
): StandbyKeys {
  const rank = ({ keyid, state }: SignerKey) => (preferred.includes(keyid) ? 0 : state === 'active' ? 1 : 2);
  const inForce = new Set(Object.values(ci.keys).map(keyidOf));
  const isWaiting = ({ use, public: key }: SignerKey) => use === 'standby' && !inForce.has(keyidOf(key));
  const waiting = signerKeys
    .filter((key) => isWaiting(key) && (key.factory === undefined || key.factory === factory.name))
    .sort((a, b) => rank(a) - rank(b));
  const taken = new Set<string>();
  return {
    take: (role, { keytype, token }) => {
      const labels = factory.tokens.filter(({ roles }) => roles.includes(role)).map(({ label }) => label);
      const key = waiting.find(
        (candidate) =>
          !taken.has(candidate.keyid) &&
          candidate.role === role &&
          labels.includes(candidate.token.label) &&
          (keytype === undefined || candidate.keytype === keytype) &&
          (token === undefined || candidate.token.label === token),
      );
      if (key === undefined) throw noStandby(factory.name, role, labels, { keytype, token });
      taken.add(key.keyid);
      return key;
    },
  };
}

/** The keys of a role that are the customer's, in the root's order; the Factory's first root key counts as one. */
export function offlineKeyids({ ci, onlineTargetsKeyid }: RootBase, role: OfflineRole): string[] {
  const keyids = ci.roles[role]?.keyids ?? [];
  return role === 'targets' ? keyids.filter((keyid) => keyid !== onlineTargetsKeyid) : [...keyids];
}

function noStandby(
  factory: string,
  role: OfflineRole,
  labels: readonly string[],
  { keytype, token }: { readonly keytype: string | undefined; readonly token: string | undefined },
): CountersignError {
  const kind = keytype === undefined ? '' : ` ${keytype}`;
  const where = token ?? (labels.join(', ') || 'no token of the policy');
  return new CountersignError('STANDBY_KEY_MISSING', `no${kind} standby key of the role ${role} is in ${where}`, {
    hint: `Make one: countersign key generate --role ${role}.`,
    details: { factory, role, tokens: labels },
  });
}
