import type { Interception } from './call.js';
import type { ClassifiedCall } from './classify-call.js';
import type { RootUpdateDependencies } from './root-update/deps.js';
import { createRootUpdateCalls } from './root-update/root-update-calls.js';
import { createShowRoot } from './view/show-root.js';
import { createCreateWave } from './wave/create-wave.js';
import { createSignWave } from './wave/sign-wave.js';

/** Finds who answers a call that the gateway answers itself; null for what it passes on. */
export function createInterceptions(deps: RootUpdateDependencies): (call: ClassifiedCall) => Interception | null {
  const showRoot = createShowRoot(deps.signing);
  const createWave = createCreateWave(deps);
  const rootUpdate = createRootUpdateCalls(deps);
  return (call) => {
    switch (call.kind) {
      case 'proxied':
        return null;
      case 'root':
        return showRoot;
      case 'create-wave':
        return createWave;
      case 'sign-wave':
        return createSignWave(deps, call.wave);
      case 'root-update':
        return rootUpdate(call.operation);
    }
  };
}
