import { CountersignError } from '../../errors.js';
import type { Role } from '../../tuf/index.js';

/** Who has to sign new roots: enough keys of the root in force, and enough of the new one (TUF client workflow 5.3.4). */
export interface RootSigners {
  /** Of the root in force. */
  readonly previous: Role;
  /** Of the new root. */
  readonly next: Role;
  /**
   * One choice that is enough: every new key, so that none comes into force without having shown that it can sign; then
   * keys that stay; then, as far as the old threshold wants it, keys that go.
   */
  readonly keyids: readonly string[];
}

export function rootSigners(previous: Role, next: Role): RootSigners {
  const chosen = next.keyids.filter((keyid) => !previous.keyids.includes(keyid));
  const staying = previous.keyids.filter((keyid) => next.keyids.includes(keyid));
  for (const keyid of staying) {
    if (missingKeys(previous, chosen) > 0 || missingKeys(next, chosen) > 0) chosen.push(keyid);
  }
  for (const keyid of goingKeys({ previous, next })) {
    if (missingKeys(previous, chosen) > 0) chosen.push(keyid);
  }
  return { previous, next, keyids: chosen };
}

/**
 * Whether signatures by these keys make the new roots valid.
 *
 * @throws THRESHOLD_NOT_MET
 */
export function requireRootSigners({ previous, next }: RootSigners, keyids: readonly string[]): void {
  for (const [role, name] of [
    [previous, 'root in force'],
    [next, 'new root'],
  ] as const) {
    const lacking = missingKeys(role, keyids);
    if (lacking === 0) continue;
    throw new CountersignError(
      'THRESHOLD_NOT_MET',
      `${role.threshold} keys of the ${name} have to sign, and ${role.threshold - lacking} would`,
      { details: { threshold: role.threshold, missing: lacking, keyids: role.keyids } },
    );
  }
}

/** Root keys in force that the new roots do not name. */
export function goingKeys({ previous, next }: Pick<RootSigners, 'previous' | 'next'>): string[] {
  return previous.keyids.filter((keyid) => !next.keyids.includes(keyid));
}

/** How many more of a role's keys would have to sign. */
export function missingKeys({ keyids, threshold }: Role, signing: readonly string[]): number {
  return Math.max(0, threshold - keyids.filter((keyid) => signing.includes(keyid)).length);
}
