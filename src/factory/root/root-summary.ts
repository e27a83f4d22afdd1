import type { Targets } from '../../tuf/index.js';
import type { RootSigners } from './root-signers.js';

/** What a root update does, for a person to read. Texts stand as they are in the documents: formatRootChanges makes them safe to print. */
export interface RootSummary {
  readonly previousVersion: number;
  readonly version: number;
  readonly previousExpires: string;
  readonly expires: string;
  readonly changelog: { readonly polisId: string; readonly message: string; readonly timestamp: string };
  /** Online keys first, then in the order of the changes. */
  readonly keys: readonly DescribedKeyChange[];
  /** Those that change, whether a change says so or the first owned root brings it about. */
  readonly thresholds: readonly DescribedThreshold[];
  readonly signers: RootSigners;
  readonly documents: readonly DescribedDocument[];
  readonly warnings: readonly RootWarning[];
}

export interface DescribedKeyChange {
  readonly role: string;
  /** The Factory's own key, which it replaced itself. */
  readonly online: boolean;
  readonly old: DescribedKey | null;
  readonly new: DescribedKey | null;
}

export interface DescribedKey {
  readonly keyid: string;
  readonly keytype: string;
  readonly owner: { readonly polisId: string; readonly createdAt: string } | null;
}

export interface DescribedThreshold {
  readonly role: 'root' | 'targets';
  readonly repository: 'both' | 'production';
  readonly was: number;
  readonly threshold: number;
  /** How many keys the role has afterwards. */
  readonly keys: number;
}

export interface DescribedDocument {
  readonly tag: string;
  readonly wave: string | null;
  readonly version: number;
  readonly expires: string;
  readonly sha256: string;
  readonly sign: readonly string[];
  /** All that an adopted document says; null for one that an offline key in force has signed. */
  readonly adopted: Targets | null;
}

/** Something that may be meant, and is easily overlooked. */
export interface RootWarning {
  readonly kind:
    | 'single-root-key'
    | 'no-spare-root-key'
    | 'threshold-lowered'
    | 'expiry-jump'
    | 'expiry-shortened'
    | 'key-without-owner'
    | 'documents-adopted'
    | 'members-dropped';
  readonly message: string;
}
