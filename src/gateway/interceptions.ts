import { CountersignError } from '../errors.js';
import type { Interception } from './call.js';
import type { ClassifiedCall } from './classify-call.js';
import { createShowRoot } from './view/show-root.js';
import { createCreateWave, type WaveDependencies } from './wave/create-wave.js';
import { createSignWave } from './wave/sign-wave.js';

/** Finds who answers a call that the gateway answers itself; null for what it passes on. */
export function createInterceptions(deps: WaveDependencies): (call: ClassifiedCall) => Interception | null {
  const showRoot = createShowRoot(deps.signing);
  const createWave = createCreateWave(deps);
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
        return call.operation === 'show' ? null : refuseRootUpdate;
    }
  };
}

const refuseRootUpdate: Interception = () =>
  Promise.reject(
    new CountersignError('FORBIDDEN', 'root updates are asked for with Countersign itself', {
      hint: 'See countersign root --help.',
    }),
  );
