import { encodeCanonical } from '../tuf/index.js';
import { planWave, type WaveBase } from './plan-wave.js';
import type { WaveChange } from './wave-change.js';

/**
 * Makes the targets metadata of a Wave: what `fioctl waves init` would sign, byte for byte.
 *
 * @param changes one `add-version`, then `prune`s ascending, then one `set-expires`
 * @param tag the tag whose production targets the Wave replaces
 * @param base the verified documents it builds on
 * @returns canonical bytes of `signed`: `{_type, expires, targets, version}` and nothing else
 * @throws INPUT_INVALID, WAVE_EXPIRES_INVALID, WAVE_VERSION_NOT_HIGHER, WAVE_VERSION_UNKNOWN,
 *   WAVE_NO_TARGETS, WAVE_TARGET_EXISTS, WAVE_PRUNE_SELF, WAVE_PRUNE_UNKNOWN, WAVE_ENTRY_MISMATCH
 * @throws CANONICAL_UNSAFE an entry holds what verifiers would not agree on
 */
export function applyWave(changes: readonly WaveChange[], tag: string, base: WaveBase): Buffer {
  const { added, kept, expires, version } = planWave(changes, tag, base);
  // fromEntries defines members, where an assignment to `__proto__` would set the prototype instead.
  const targets = Object.fromEntries([...kept, ...added]);
  return encodeCanonical({ _type: 'Targets', expires, targets, version });
}
