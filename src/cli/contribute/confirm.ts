import { shortCode, type VerifiedRootDossier } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import type { CliContext } from '../context.js';
import { say } from '../terminal/output.js';
import { askText } from '../terminal/prompt.js';

export interface ConfirmOptions {
  readonly code?: string;
  /** Keyids, as `countersign key list` shows them where the token is. */
  readonly newKey?: readonly string[];
}

/**
 * An outgoing root key alone can be enough to make a root that devices take. So it signs only what people stand behind: the
 * officers, who have approved these very bytes; or its owner, who knows the new keys from the machine that has them, or has
 * read all of it here.
 *
 * @throws REJECTED; INPUT_INVALID another code, or other new keys; USAGE where nobody can be asked
 */
export async function confirm(
  context: CliContext,
  verified: VerifiedRootDossier,
  { code, newKey }: ConfirmOptions,
): Promise<void> {
  const [rejection] = verified.rejections;
  if (rejection !== undefined) throw new CountersignError('REJECTED', `${rejection.person} has rejected it`);
  if (newKey !== undefined) {
    requireNewKeys(verified, newKey);
    if (code === undefined) return;
  } else if (code === undefined && verified.quorum.missing === 0) {
    say(context, `approved by ${verified.quorum.persons.join(', ')}`);
    return;
  }
  const wanted = shortCode(verified.statementSha256);
  const typed = code ?? (await askText(context, 'Type the code above to sign:', '--new-key KEYID or --code CODE'));
  if (typed.trim().toLowerCase() === wanted) return;
  throw new CountersignError('INPUT_INVALID', 'that is not the code of this statement; nothing was signed', {
    hint: 'read the request with `countersign review` and use the code that it prints',
  });
}

function requireNewKeys({ statement }: VerifiedRootDossier, expected: readonly string[]): void {
  const found = statement.keys.map(({ keyid }) => keyid);
  const unknown = found.find((keyid) => !expected.includes(keyid));
  const absent = expected.find((keyid) => !found.includes(keyid));
  if (unknown === undefined && absent === undefined) return;
  throw new CountersignError(
    'INPUT_INVALID',
    unknown === undefined
      ? `the request does not bring in the key ${absent ?? ''}; nothing was signed`
      : `the request brings in the key ${unknown}, which is none of those given; nothing was signed`,
    { hint: 'compare with `countersign key list` on the machine that has the token' },
  );
}
