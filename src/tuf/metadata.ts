import type { JsonObject, JsonValue } from './json.js';

/**
 * The documents of TUF as a FoundriesFactory uses them. Objects that were parsed keep the members that are not
 * named here: signatures cover them, and dropping one would make other bytes.
 */

export interface Signature {
  readonly keyid: string;
  /** `rsassa-pss-sha256` or `ed25519`. */
  readonly method: string;
  /** Standard base64. */
  readonly sig: string;
}

export interface Key {
  readonly keytype: 'RSA' | 'ED25519';
  readonly keyval: {
    /** RSA: PKIX (SPKI) PEM; ED25519: 32 bytes as hexadecimal digits. */
    readonly public: string;
  };
}

export interface Role {
  readonly keyids: readonly string[];
  readonly threshold: number;
}

export interface Signed {
  readonly _type: string;
  /** `YYYY-MM-DDTHH:MM:SSZ`. */
  readonly expires: string;
  readonly version: number;
}

export interface Root extends Signed {
  readonly _type: 'Root';
  readonly consistent_snapshot: boolean;
  readonly keys: Readonly<Record<string, Key>>;
  readonly roles: Readonly<Record<string, Role>>;
  /** Foundries: who changed what, `{polis-id, message, timestamp}`. Its times stay as they are written. */
  readonly 'x-changelog'?: JsonObject;
  /** Foundries: `{keyid: {polis-id, created-at}}`. */
  readonly 'x-key-owners'?: JsonObject;
}

export interface TargetEntry {
  /** In bytes. */
  readonly length: number;
  /** Algorithm name to digest in hexadecimal digits. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly custom?: Readonly<Record<string, JsonValue>>;
}

export interface Targets extends Signed {
  readonly _type: 'Targets';
  readonly targets: Readonly<Record<string, TargetEntry>>;
}

/** What stands in an offline bundle in the place of `targets`: which of them a device may install from a stick. */
export interface OfflineBundle extends Signed {
  readonly _type: 'Targets';
  readonly 'x-fio-offline-bundle': {
    /** `prod` for production devices, `ci` for the others. */
    readonly type: 'ci' | 'prod';
    readonly tag: string;
    /** Names of Targets; what they are, the targets metadata beside the bundle says. */
    readonly targets: readonly string[];
  };
}

/** Snapshot and timestamp: which documents belong together, each by its file name. */
export interface Listing extends Signed {
  readonly _type: 'Snapshot' | 'Timestamp';
  readonly meta: Readonly<Record<string, ListedDocument>>;
}

export interface ListedDocument {
  readonly version: number;
  /** Of the whole document's canonical form; algorithm name to digest in hexadecimal digits. */
  readonly hashes?: Readonly<Record<string, string>>;
}

/** What signatures cover: the canonical bytes of the `signed` member. */
export interface SignedPart<T extends Signed> {
  readonly signed: T;
  readonly signedBytes: Buffer;
  /** SHA-256 of `signedBytes`, 64 lower-case hexadecimal digits: the document's identity, whoever signed it. */
  readonly sha256: string;
}

export interface Metadata<T extends Signed> extends SignedPart<T> {
  readonly signatures: readonly Signature[];
}

export type RootMetadata = Metadata<Root>;
export type TargetsMetadata = Metadata<Targets>;
export type OfflineBundleMetadata = Metadata<OfflineBundle>;
export type ListingMetadata = Metadata<Listing>;
