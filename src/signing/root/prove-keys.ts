import type { StatementKey } from '../../dossier/index.js';
import type { RootChange } from '../../factory/index.js';
import type { Context } from '../context.js';

/**
 * Has every key that the changes bring in prove itself, as the statement names it; online keys are the Factory's, and prove
 * themselves by what they sign. Those that were told of have done so already.
 *
 * @throws KEY_NOT_FOUND no token has it; TOKEN_UNAVAILABLE, SIGNER_UNAVAILABLE
 */
export async function proveKeys(
  context: Context,
  factory: string,
  changes: readonly RootChange[],
  told: readonly StatementKey[],
): Promise<StatementKey[]> {
  const keys: StatementKey[] = [];
  for (const change of changes) {
    if (change.op !== 'replace-key' && change.op !== 'add-key') continue;
    const known = told.find(({ keyid }) => keyid === change.new.keyid);
    if (known !== undefined) {
      keys.push(known);
      continue;
    }
    const { key, proof } = await context.signer.prove({ factory, keyid: change.new.keyid });
    keys.push({ ...key, proof });
  }
  return keys;
}
