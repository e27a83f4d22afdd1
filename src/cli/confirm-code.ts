import { CountersignError } from '../errors.js';
import type { CliContext } from './context.js';
import { askText } from './terminal/prompt.js';

/**
 * Has the code of a statement that was shown confirmed, before anything is signed.
 *
 * @param given as an option, where there is no terminal
 * @throws INPUT_INVALID it is another one; USAGE there is neither an option nor a terminal
 */
export async function confirmCode(
  context: CliContext,
  code: string,
  given: string | undefined,
  toDo: 'approve' | 'sign',
): Promise<void> {
  const typed =
    given ?? (await askText(context, `Type the code above to ${toDo}:`, '--code CODE, after `countersign review`'));
  if (typed.trim().toLowerCase() === code) return;
  throw new CountersignError(
    'INPUT_INVALID',
    `${typed.trim() || 'nothing'} is not the code of this statement; nothing was signed`,
    {
      hint: 'read the request with `countersign review` and use the code that it prints',
    },
  );
}
