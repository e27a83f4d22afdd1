import type { Root } from '../../tuf/index.js';
import type { RootIntent } from './root-intent.js';

/** A root update worked out over its base. */
export interface RootPlan {
  readonly intent: RootIntent;
  readonly ci: Root;
  readonly production: Root;
  /** Of the Factory's own key in the targets role of the new roots. */
  readonly onlineTargetsKeyid: string;
}
