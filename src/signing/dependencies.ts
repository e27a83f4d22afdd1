import type { Pins } from '../dossier/index.js';
import type { SignedPolicy } from '../policy/index.js';
import type { Logger } from '../telemetry/index.js';
import type { Clock, FactoryPort, SignerPort, Timers } from './ports.js';
import type { Store } from './store-port.js';

export interface SigningLimits {
  /** How long a statement lives, at most 72 h. */
  readonly statementLifetimeMs: number;
  /** How often the runner looks again when nothing called for it. */
  readonly intervalMs: number;
  /** Pauses after failures: doubled from the first up to the second. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** After how long a root update that is being begun counts as cut off, so that an equal submission takes it over. */
  readonly cutOffAfterMs: number;
}

/** Named moments of a request's life, in this order; a crash test stops the world at one of them. */
export const STEPS = [
  'submit:before-insert',
  'submit:after-insert',
  'submit:after-open',
  'approve:before-store',
  'approve:after-store',
  'reject:after-store',
  'reject:after-veto',
  'sign:before-signer',
  'sign:after-signer',
  'sign:after-store',
  'deliver:before-post',
  'deliver:after-post',
  'deliver:after-fetch',
  'deliver:after-store',
  'publish:after-signer',
  'publish:after-store',
] as const;
export type WaveStep = (typeof STEPS)[number];

/** Those that a root update alone has; it has most of the others too. */
export const ROOT_STEPS = [
  'root:before-begin',
  'root:after-begin',
  'root:before-put',
  'root:after-put',
  'root:before-apply',
  'root:after-apply',
  'root:before-cancel',
  'root:after-cancel',
  'root:before-rebuild',
  'root:after-rebuild',
] as const;
export type Step = WaveStep | (typeof ROOT_STEPS)[number];

/** What `createSigningService` is made of. */
export interface SigningDependencies {
  readonly store: Store;
  readonly signer: SignerPort;
  readonly factories: ReadonlyMap<string, FactoryPort>;
  /** The policy chain, version 1 first; checked against `pins`. */
  readonly policies: readonly SignedPolicy[];
  readonly pins: Pins;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly limits?: Partial<SigningLimits>;
  /** Proves that the gateway answers; left out where there is none. */
  readonly checkGateway?: () => Promise<void>;
  readonly onStep?: (step: Step, request: string) => void | Promise<void>;
}
