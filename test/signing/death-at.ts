import type { SigningDependencies, Step } from '../../src/signing/index.js';

/** For a service that dies at `step`: from then on nothing of it runs any more, since the step never returns. */
export function deathAt(step: Step): { onStep: NonNullable<SigningDependencies['onStep']>; died: Promise<void> } {
  let die: () => void = () => undefined;
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  return {
    died,
    onStep: (reached) => {
      if (reached !== step) return undefined;
      die();
      return new Promise<void>(() => undefined);
    },
  };
}
