import chalk from 'chalk';
import type { Installation } from './installation.js';
import type { Outcome } from './process.js';

export interface Narrator {
  /** A step of the story. */
  readonly step: (title: string) => void;
  /** Something that was seen. */
  readonly seen: (text: string) => void;
  /**
   * Runs a command as a person, shows it, and holds it to the expected exit status.
   *
   * @throws Error when it ends otherwise
   */
  readonly run: (args: readonly string[], how?: { as?: string; input?: string; expect?: number }) => Promise<Outcome>;
}

export function createNarrator(installation: Installation): Narrator {
  let steps = 0;
  const short = (text: string): string => text.replaceAll(`${installation.folder}/`, '');
  return {
    step: (title) => console.log(`\n${chalk.bold(`${++steps}. ${title}`)}`),
    seen: (text) => console.log(`   ${chalk.green('✓')} ${short(text)}`),
    run: async (args, { as, input, expect = 0 } = {}) => {
      console.log(
        chalk.dim(
          `   $ countersign ${as === undefined ? '' : `--as ${as} `}${args.map((arg) => quote(short(arg))).join(' ')}`,
        ),
      );
      const outcome = await installation.countersign(args, {
        ...(as === undefined ? {} : { as }),
        ...(input === undefined ? {} : { input }),
      });
      if (outcome.status === expect) return outcome;
      throw new Error(
        `countersign ${args.join(' ')} ended with ${outcome.status}, not ${expect}:\n${outcome.stderr}${outcome.stdout}`,
      );
    },
  };
}

function quote(argument: string): string {
  return /^[\w./:=@,-]+$/u.test(argument) ? argument : `'${argument}'`;
}
