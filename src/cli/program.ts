import { Command, CommanderError } from 'commander';
import { errorToWire, isCountersignError } from '../errors.js';
import { addApproveCommand, addRejectCommand } from './commands/approve.js';
import { addContributeCommand } from './commands/contribute.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addFactoryWaveCommands } from './commands/factory-waves.js';
import { addKeyCommands } from './commands/key.js';
import { addLoginCommands } from './commands/login.js';
import { addPolicyCommands } from './commands/policy.js';
import { addRecoverCommands } from './commands/recover.js';
import { addRequestKeyCommands } from './commands/request-key.js';
import { addRequestCommands } from './commands/requests.js';
import { addReviewCommand } from './commands/review.js';
import { addRootCommands } from './commands/root.js';
import { addSandboxCommand } from './commands/sandbox.js';
import { addServeCommand } from './commands/serve.js';
import { addSignerCommands } from './commands/signer.js';
import { addTokenCommands } from './commands/token.js';
import { addTrustCommand } from './commands/trust.js';
import { addTufCommands } from './commands/tuf.js';
import { addVerifyCommand } from './commands/verify.js';
import { addWaveInitCommand } from './commands/waves.js';
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
  const program = createProgram(context, (code) => {
    status = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    // Commander has already said it, in its own words, on stderr.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    report(context, error, args.includes('--json'));
    return exitCodeOf(error);
  }
}

function createProgram(context: CliContext, exit: (code: number) => void): Command {
  const program = new Command('countersign')
    .description(
      'Sign FoundriesFactory TUF metadata with keys inside PKCS#11 tokens, once enough officers approved it.',
    )
    .addHelpText(
      'after',
      '\nExit status: 0 done; 1 refused or does not hold; 2 usage or configuration; 3 unreachable, try again;\n4 nothing trusted yet; 5 still waiting for approvals.',
    );
  const waves = program.command('waves').alias('wave').description('ask for Waves, and work with the Factory’s');
  addWaveInitCommand(waves, context, exit);
  addFactoryWaveCommands(waves, context);
  addRootCommands(program, context, exit);
  addContributeCommand(program, context, exit);
  addRequestCommands(program, context);
  addReviewCommand(program, context);
  addApproveCommand(program, context);
  addRejectCommand(program, context);
  addVerifyCommand(program, context);
  addTufCommands(program, context);
  addTrustCommand(program, context);
  addLoginCommands(program, context);
  addTokenCommands(program, context);
  addRequestKeyCommands(program, context);
  addPolicyCommands(program, context);
  addKeyCommands(program, context);
  addRecoverCommands(addSignerCommands(program, context), context);
  addDoctorCommand(program, context, exit);
  addServeCommand(program, context);
  addSandboxCommand(program, context);
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
