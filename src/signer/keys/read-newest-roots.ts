import type { Root } from '../../tuf/index.js';
import { readState } from './read-state.js';

/**
 * The newest production root of each Factory that the journal in a state directory knows; also beside a running signer.
 *
 * @throws JOURNAL_DAMAGED
 */
export async function readNewestRoots(stateDir: string): Promise<ReadonlyMap<string, Root>> {
  const state = await readState(stateDir);
  const newest = [...(state?.firstRoots.keys() ?? [])].flatMap((factory) => {
    const root = state?.rootsOf(factory, 'production').at(-1)?.signed;
    return root === undefined ? [] : [[factory, root] as const];
  });
  return new Map(newest);
}
