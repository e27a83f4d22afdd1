import { type KeyUses, keyUses } from '../decide/index.js';
import { readState } from './read-state.js';

/**
 * What keys are in use for, as the journal in a state directory knows it; also beside a running signer. Before there is a journal every
 * key is a standby key.
 *
 * @throws JOURNAL_DAMAGED
 */
export async function readKeyUses(stateDir: string): Promise<KeyUses> {
  const state = await readState(stateDir);
  return state === null ? new Map() : keyUses(state);
}
