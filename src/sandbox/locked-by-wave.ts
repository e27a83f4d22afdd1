import { parseRoot } from '../tuf/index.js';
import { publicOnlineKey } from './online-keys.js';
import { Refusal } from './refusal.js';
import { newestRoot } from './roots.js';
import { keyidsOf } from './staged-roots.js';
import type { RootUpdate, SandboxState } from './state.js';

/**
 * While a Wave is active its devices follow the keys that signed it: an offline targets key may come, but none may go, and the
 * server's own keys stay.
 *
 * @param status 400 when it is asked for, 423 when it is to be applied: it can be once the Wave is done
 * @throws Refusal
 */
export function refuseLockedByWave(state: SandboxState, update: RootUpdate, status: 400 | 423): void {
  const active = state.waves.filter((wave) => wave.status === 'active').map(({ name }) => `Active Wave: ${name}`);
  if (active.length === 0) return;
  if (Object.keys(update.onlineKeys).length > 0) refuseOnlineKeys(active, status);
  const online = publicOnlineKey(state.keys.targets).keyid;
  const left = keyidsOf(parseRoot(Buffer.from(update.production ?? update.ci)).signed, 'targets');
  const current = keyidsOf(newestRoot(state.roots.production).signed, 'targets');
  if (current.every((keyid) => keyid === online || left.includes(keyid))) return;
  throw new Refusal(status, 'An offline targets key cannot be rotated or deleted while a Wave is active', active);
}

function refuseOnlineKeys(active: readonly string[], status: number): never {
  throw new Refusal(status, 'Online keys cannot be rotated while a Wave is active', active);
}
