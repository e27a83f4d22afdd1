import type { GatewayDraftStore, SigningService } from '../../signing/index.js';
import type { GatewaySigning } from '../ports.js';
import type { WaitDependencies } from '../wait-inline.js';

/** Of a request's life just what root updates need besides. */
export type RootUpdateSigning = GatewaySigning &
  Pick<SigningService, 'submitRootUpdate' | 'get' | 'findAsked' | 'cancel' | 'rootTransaction'>;

export interface RootUpdateDependencies extends WaitDependencies {
  readonly signing: RootUpdateSigning;
  readonly drafts: GatewayDraftStore;
}
