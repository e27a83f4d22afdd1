import type { SigningDependencies } from '../../signing/index.js';

/** What a test puts into the service: it stops it at a named step, and does not wait long for the next try. */
export type ServiceHooks = Pick<SigningDependencies, 'onStep' | 'limits'>;
