import type { Clock, GatewayDraftStore, SigningService } from '../../signing/index.js';
import type { GatewaySigning } from '../ports.js';

/** Of a request's life just what root updates need besides. */
export type RootUpdateSigning = GatewaySigning &
  Pick<SigningService, 'submitRootUpdate' | 'get' | 'cancel' | 'rootTransaction'>;

export interface RootUpdateDependencies {
  readonly signing: RootUpdateSigning;
  readonly drafts: GatewayDraftStore;
  readonly clock: Clock;
  readonly maxWaitSeconds: number;
}
