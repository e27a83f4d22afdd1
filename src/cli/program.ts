import { Command, CommanderError } from 'commander';
import { errorToWire, isCountersignError } from '../errors.js';
import { loadCommands } from './command-groups.js';
import type { CliContext } from './context.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { plain } from './terminal/output.js';

/**
 * Runs one command line.
 *
 * @param args what stands behind the program's name
 * @returns the exit status, see EXIT
 */
export async function runCommandLine(args: readonly string[], context: CliContext): Promise<number> {
  let status: number = EXIT.done;
  try {
    const program = await createProgram(args[0], context, (code) => {
      status = code;
    });
    await program.parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    // Commander has already said it, in its own words, on stderr.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    report(context, error, args.includes('--json'));
    return exitCodeOf(error);
  }
}

async function createProgram(
  firstWord: string | undefined,
  context: CliContext,
  exit: (code: number) => void,
): Promise<Command> {
  const program = new Command('countersign')
    .description(
      'Sign FoundriesFactory TUF metadata with keys inside PKCS#11 tokens, once enough officers approved it.',
    )
    .addHelpText(
      'after',
      '\nExit status: 0 done; 1 refused or does not hold; 2 usage or configuration; 3 unreachable, try again;\n4 nothing trusted yet; 5 still waiting for approvals.',
    );
  for (const add of await loadCommands(firstWord)) add(program, context, exit);
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    });
    // A group without a known subcommand is a mistake, never a success that prints help.
    if (command.commands.length > 0) command.action(() => command.help({ error: true }));
  }
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function report(context: CliContext, error: unknown, asJson: boolean): void {
  if (asJson) {
    context.stderr.write(`${JSON.stringify({ error: errorToWire(error) })}\n`);
    return;
  }
  if (!isCountersignError(error)) {
    const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    context.stderr.write(`countersign: ${plain(words)}\n`);
    return;
  }
  const where = error.pointer === undefined || error.pointer === '' ? '' : ` at ${plain(error.pointer)}`;
  context.stderr.write(`countersign: ${error.code}${where}: ${plain(error.message)}\n`);
  if (error.hint !== undefined) context.stderr.write(`  what to do: ${plain(error.hint)}\n`);
}
