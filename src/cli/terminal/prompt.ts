import { CountersignError } from '../../errors.js';
import type { CliContext } from '../context.js';

/** Whether a person can be asked. Piped answers do not count: an approval is never given by accident of a pipe. */
export function canAsk(context: CliContext): boolean {
  return context.stdin.isTTY === true && context.stderr.isTTY === true;
}

/** Asks for a line of text on the terminal. @throws USAGE where there is no terminal, naming the option to use. */
export async function askText(context: CliContext, message: string, insteadUse: string): Promise<string> {
  requireTerminal(context, insteadUse);
  // seldom wanted, and a sixth of what a command takes to start
  const { input } = await import('@inquirer/prompts');
  return await input({ message }, streams(context));
}

function requireTerminal(context: CliContext, insteadUse: string): void {
  if (canAsk(context)) return;
  throw new CountersignError('USAGE', 'there is no terminal to ask at', { hint: `use ${insteadUse}` });
}

function streams(context: CliContext): {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
  signal: AbortSignal;
} {
  return { input: context.stdin, output: context.stderr, signal: context.interrupted };
}
