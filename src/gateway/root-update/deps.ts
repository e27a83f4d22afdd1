import type { Clock, GatewayDraftStore, SigningService } from '../../signing/index.js';

/** Of a request's life just what root updates need. */
export type RootUpdateSigning = Pick<
  SigningService,
  'submitRootUpdate' | 'get' | 'waitFor' | 'cancel' | 'rootTransaction' | 'keys' | 'policy' | 'requestKeys'
>;

export interface RootUpdateDependencies {
  readonly signing: RootUpdateSigning;
  readonly drafts: GatewayDraftStore;
  readonly clock: Clock;
  readonly limits: { readonly maxWaitSeconds: number };
}
