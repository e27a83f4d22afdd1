import type { RootUpdatePort, RootUpdateStatus, SignerPort } from '../../src/signing/index.js';

const unused = (): Promise<never> => Promise.reject(new Error('no root update comes this way'));

const none: RootUpdateStatus = {
  status: 'NONE',
  current: { ci: Buffer.from('{}'), production: null, onlineKeys: {} },
  updated: null,
  begun: { by: null, at: null },
  amendments: [],
  errors: [],
  warnings: [],
};

/** The root update part of a Factory in memory that has none under way and takes none. */
export function noRootUpdate(): RootUpdatePort {
  return {
    rootUpdate: () => Promise.resolve(none),
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
export function noRootSigner(): Pick<SignerPort, 'publishedRoots' | 'prove' | 'progress' | 'registerRequestKeys'> {
  return { publishedRoots: unused, prove: unused, progress: unused, registerRequestKeys: unused };
}
