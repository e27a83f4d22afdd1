import type { Store } from '../../signing/index.js';

/** What signing in and bearer tokens need of the store. */
export type AuthStore = Pick<Store, 'tokens' | 'sessions' | 'challenges' | 'events'>;
