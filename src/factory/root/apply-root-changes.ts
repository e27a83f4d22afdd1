import { encodeCanonical, type Role } from '../../tuf/index.js';
import { planRootUpdate } from './plan-root.js';
import type { RootBase } from './root-base.js';
import type { RootChange } from './root-change.js';
import { rootSigners, type RootSigners } from './root-signers.js';

/** The roots of an update, before they are signed. */
export interface RootUpdate {
  readonly version: number;
  readonly expires: string;
  /** Canonical bytes of `signed` of the CI root. */
  readonly ci: Buffer;
  /** Canonical bytes of `signed` of the production root. */
  readonly production: Buffer;
  /** Who has to sign each of the two. */
  readonly signers: RootSigners;
}

/**
 * Makes the roots of an update: what fioctl would sign, byte for byte. Which targets documents go with it, and how, says
 * `reSignDocuments`.
 *
 * @param changes as readRootChanges wants them written
 * @param base the verified roots in force
 * @throws as planRootUpdate
 * @throws CANONICAL_UNSAFE the base holds what verifiers would not agree on
 */
export function applyRootChanges(changes: readonly RootChange[], base: RootBase): RootUpdate {
  const { ci, production } = planRootUpdate(changes, base);
  return {
    version: ci.version,
    expires: ci.expires,
    ci: encodeCanonical(ci),
    production: encodeCanonical(production),
    signers: rootSigners(rootRole(base.ci.roles), rootRole(ci.roles)),
  };
}

function rootRole(roles: Readonly<Record<string, Role>>): Role {
  return roles['root'] ?? { keyids: [], threshold: 1 };
}
