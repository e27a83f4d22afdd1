import { randomInt } from 'node:crypto';
import { changeBy, type Actor } from './actor.js';
import { editRoot } from './edit-root.js';
import { Refusal } from './refusal.js';
import { isOwned } from './roots.js';
import type { RootUpdate, SandboxState } from './state.js';

export interface BeginInput {
  readonly message: string;
  readonly firstTime: boolean;
}

const TXID_LETTERS = 8;

/**
 * Begins a root update: the roots in force with the next version, the changelog and no signatures. A Factory that is not owned
 * yet has no production root of its own, so none is staged.
 *
 * @throws Refusal 409 (another one is under way), 400
 */
export function beginRootUpdate(
  state: SandboxState,
  { message, firstTime }: BeginInput,
  actor: Actor,
): { state: SandboxState; result: RootUpdate } {
  if (state.rootUpdate !== null) throw new Refusal(409, 'A root updates transaction is already active');
  if (firstTime && isOwned(state)) throw new Refusal(400, 'The root key of this Factory is offline already');
  const changelog = { message, 'polis-id': actor.polisId, timestamp: preciseTime(actor.now) };
  const next = (chain: readonly string[]): string =>
    editRoot(chain.at(-1) ?? '', (signed) => ({ ...signed, version: signed.version + 1, 'x-changelog': changelog }));
  const rootUpdate: RootUpdate = {
    txid: Array.from({ length: TXID_LETTERS }, () => String.fromCharCode(0x41 + randomInt(26))).join(''),
    firstTime,
    changelog,
    created: changeBy(actor),
    updated: null,
    readsUntilApplied: null,
    ci: next(state.roots.ci),
    production: isOwned(state) ? next(state.roots.production) : null,
    onlineKeys: {},
    targetsSignatures: {},
    wavesSignatures: {},
  };
  return { state: { ...state, rootUpdate }, result: rootUpdate };
}

/** With nanoseconds and no zeros at their end, as Go writes times and the real server does in changelogs. */
function preciseTime(now: Date): string {
  const nanoseconds = now.getMilliseconds() * 1_000_000 + randomInt(1_000_000);
  const fraction = `.${nanoseconds.toString().padStart(9, '0')}`.replace(/\.?0+$/, '');
  return `${now.toISOString().slice(0, 19)}${fraction}Z`;
}
