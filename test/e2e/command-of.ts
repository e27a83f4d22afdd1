import type { Installation } from '../../scripts/demo/installation.js';
import type { Outcome } from '../../scripts/demo/process.js';
import { EXIT } from '../../src/cli/exit-codes.js';

export type Command = (args: readonly string[], how?: { as?: string; expect?: number }) => Promise<Outcome>;

/** Runs a command in an installation and holds it to an exit status: done, unless another is expected. */
export function commandOf(site: () => Installation): Command {
  return async (args, { as, expect: status = EXIT.done } = {}) => {
    const outcome = await site().countersign(args, as === undefined ? {} : { as });
    if (outcome.status === status) return outcome;
    throw new Error(
      `countersign ${args.join(' ')} ended with ${outcome.status}, not ${status}:\n${outcome.stderr}${outcome.stdout}`,
    );
  };
}
