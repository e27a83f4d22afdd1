import type { RootUpdatePort } from '../../src/signing/index.js';

/** The root update part of a Factory in memory that has none under way and takes none. */
export function noRootUpdate(): RootUpdatePort {
  const unused = (): Promise<never> => Promise.reject(new Error('this Factory takes no root update'));
  return {
    rootUpdate: unused,
    beginRootUpdate: unused,
    putRootUpdate: unused,
    generateOnlineKeys: unused,
    applyRootUpdate: unused,
    cancelRootUpdate: unused,
    allProductionTargets: () => Promise.resolve(new Map()),
    allWaveTargets: () => Promise.resolve(new Map()),
  };
}
