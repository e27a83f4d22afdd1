import type { OnlineKeyids, OnlineRole } from '../factory/index.js';
import type { Key, Signature } from '../tuf/index.js';

/** Both roots as the Factory holds them, and which keys are its own. */
export interface FactoryRoots {
  /** Root metadata, `{signatures, signed}`; canonical bytes of what was served. */
  readonly ci: Buffer;
  /** Null where the Factory has none yet. */
  readonly production: Buffer | null;
  readonly onlineKeys: OnlineKeyids;
}

/** The Factory's transaction for a new root, as whoever has a token may see it. */
export interface RootUpdateStatus {
  /** `NONE`, `STARTED` or `APPLYING`; the Factory may say others. */
  readonly status: string;
  readonly current: FactoryRoots;
  /** What is staged; null while there is no transaction. */
  readonly updated: FactoryRoots | null;
  /** polis-id of who began it, and when, as far as the Factory says. */
  readonly begun: { readonly by: string | null; readonly at: string | null };
  /** What the Factory says of the transaction, in its own words. */
  readonly amendments: readonly string[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** A key object of which the private part is in here: for who began the transaction, and nobody else. */
export interface FirstRootKey {
  readonly keytype: string;
  readonly private: string;
  readonly public: Key;
}

export interface BegunRootUpdate {
  /** Whoever has it can change what is staged: in no log, no answer, no error. */
  readonly txid: string;
  /** The Factory's own first root key, which it hands out once, when its roots are taken over. */
  readonly firstRoot: FirstRootKey | null;
}

export interface RootsToPut {
  readonly txid: string;
  /** Root metadata, `{signatures, signed}`, as `serializeMetadata` gives it. */
  readonly ci: Buffer;
  readonly production: Buffer;
  /** Further signatures over production targets, by tag, and over Waves, by name. */
  readonly targetsSignatures: Readonly<Record<string, readonly Signature[]>>;
  readonly wavesSignatures: Readonly<Record<string, readonly Signature[]>>;
}

/**
 * The calls of a Factory's root update. Those that change something are made once: an answer that got lost is
 * FACTORY_UNAVAILABLE, and the caller looks before it repeats. An empty `txid` stands for the transaction that the same token began.
 */
export interface RootUpdatePort {
  rootUpdate(): Promise<RootUpdateStatus>;
  /** @throws FACTORY_REFUSED with status 409: a transaction is active */
  beginRootUpdate(update: { readonly message: string; readonly firstTime?: boolean }): Promise<BegunRootUpdate>;
  putRootUpdate(roots: RootsToPut): Promise<void>;
  /** Has the Factory make new online keys for the roots that are staged. */
  generateOnlineKeys(wanted: {
    readonly txid: string;
    readonly keytype: 'ED25519' | 'RSA';
    readonly roles: readonly OnlineRole[];
  }): Promise<void>;
  applyRootUpdate(txid: string): Promise<void>;
  cancelRootUpdate(): Promise<void>;
  /** Production targets metadata by tag, all there are. */
  allProductionTargets(): Promise<ReadonlyMap<string, Buffer>>;
  /** Targets metadata of active Waves by name, all there are. */
  allWaveTargets(): Promise<ReadonlyMap<string, Buffer>>;
}
