import { CountersignError } from '../errors.js';
import type { CliContext } from './context.js';
import { askText, canAsk } from './terminal/prompt.js';

/** Why something is asked for; officers read it. @throws USAGE without the option where there is no terminal */
export async function askReason(context: CliContext, question: string, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  if (canAsk(context)) return await askText(context, question, '--reason');
  throw new CountersignError('USAGE', 'the officers need to know why', { hint: 'give --reason "…"' });
}
