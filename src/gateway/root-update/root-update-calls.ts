import type { GatewayAnswer } from '../answer.js';
import type { GatewayCall, Interception } from '../call.js';
import type { RootUpdateOperation } from '../classify-call.js';
import { identify, type Identity } from '../identify.js';
import { applyDraft } from './apply.js';
import { beginDraft } from './begin.js';
import { cancelDraft } from './cancel.js';
import type { RootUpdateDependencies } from './deps.js';
import { generateOnlineKeys } from './generate-online-keys.js';
import { withNothingChanged } from './nothing-changed.js';
import { putRoots } from './put.js';
import { showUpdates } from './show.js';

type Step = (deps: RootUpdateDependencies, call: GatewayCall, identity: Identity) => Promise<GatewayAnswer>;

const STEPS: Readonly<Record<RootUpdateOperation, Step>> = {
  show: showUpdates,
  begin: beginDraft,
  put: putRoots,
  'generate-online-keys': generateOnlineKeys,
  apply: applyDraft,
  cancel: cancelDraft,
};

/** fioctl's calls about root updates: what the Factory would do in one transaction is put together here and asked for as a whole. */
export function createRootUpdateCalls(deps: RootUpdateDependencies): (operation: RootUpdateOperation) => Interception {
  return (operation) => async (call) => {
    const step = async () => STEPS[operation](deps, call, await identify(call, deps.signing));
    return operation === 'apply' ? withNothingChanged(step) : step();
  };
}
