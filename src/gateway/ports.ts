import type { RequestKey, SigningService } from '../signing/index.js';

/** What the gateway needs of the world; composed where the service is started. */

/** A Factory that calls are passed on to. */
export interface GatewayFactory {
  readonly name: string;
  /** Where its API is, e.g. `https://api.example`; a path in it is put before that of each call. */
  readonly url: string;
}

export interface GatewayLimits {
  /** Of bodies that are read here; those that are passed on are streamed and not limited. */
  readonly maxBodyBytes: number;
  /** The longest `Prefer: wait` that is granted. */
  readonly maxWaitSeconds: number;
  /** How long neither caller nor Factory may send anything before a call is given up. */
  readonly silenceMs: number;
}

/** Of `SigningService`. */
export interface RequestKeys {
  /** Those in use of an account in a Factory. */
  activeRequestKeys(factory: string, polisId: string): Promise<readonly RequestKey[]>;
  /** All there ever were. */
  requestKeys(factory?: string): Promise<readonly RequestKey[]>;
}

/** Of a request's life just what callers of the gateway set off or look at. */
export interface GatewaySigning
  extends RequestKeys, Pick<SigningService, 'submitWave' | 'waitFor' | 'keys' | 'policy'> {}
