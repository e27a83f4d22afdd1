import type { RootUpdatePort, SignerPort } from '../../src/signing/index.js';

const unused = (): Promise<never> => Promise.reject(new Error('no root update comes this way'));

/** The root update part of a Factory in memory that has none under way and takes none. */
export function noRootUpdate(): RootUpdatePort {
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

/** The same of a signer that signs Waves only. */
export function noRootSigner(): Pick<SignerPort, 'publishedRoots' | 'prove' | 'progress'> {
  return { publishedRoots: unused, prove: unused, progress: unused };
}
