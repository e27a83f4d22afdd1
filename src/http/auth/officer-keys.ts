import { parseSshPublicKey } from '../../approval/index.js';
import type { SignedPolicy } from '../../policy/index.js';

const known = new WeakMap<SignedPolicy, ReadonlyMap<string, string>>();

/** Fingerprint to person, of every officer's keys. Kept per policy, because each request of a session asks. */
export function officerKeys(policy: SignedPolicy): ReadonlyMap<string, string> {
  const found = known.get(policy);
  if (found !== undefined) return found;
  const keys = new Map(
    policy.policy.officers.flatMap(({ person, keys: lines }) =>
      lines.map((line) => [parseSshPublicKey(line).fingerprint, person] as const),
    ),
  );
  known.set(policy, keys);
  return keys;
}

export function isOfficer(policy: SignedPolicy, person: string): boolean {
  return policy.policy.officers.some((officer) => officer.person === person);
}
