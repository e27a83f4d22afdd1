import type { CountersignError } from '../errors.js';

/** How a step of the runner ended. */
export type StepResult =
  /** The request moved: look at it again at once. */
  | { readonly then: 'again' }
  /** Nothing is due before somebody does something, or ever. */
  | { readonly then: 'rest' }
  /** Something stands in the way that may pass: the reason is shown, and the step tried again after a pause. */
  | { readonly then: 'retry'; readonly error: unknown }
  /** Nothing failed: somebody or something else has to come first, and it is looked for again after a while. */
  | { readonly then: 'wait'; readonly error: unknown }
  /** It was refused, and only a change of the request (another approval, say) can change that: shown, not tried again. */
  | { readonly then: 'park'; readonly error: CountersignError };

export const AGAIN: StepResult = { then: 'again' };
export const REST: StepResult = { then: 'rest' };
