import { CountersignError } from '../errors.js';
import type { Signed } from './metadata.js';
import { parseTime } from './time.js';

/**
 * Verifies that metadata has not expired: `expires` must be after `now` (client workflow 5.3.10, 5.6.5).
 *
 * @throws METADATA_EXPIRED
 */
export function verifyNotExpired(signed: Signed, now: Date): void {
  const expires = parseTime(signed.expires);
  if (expires !== undefined && expires > now) return;
  throw new CountersignError(
    'METADATA_EXPIRED',
    `${signed._type} version ${signed.version} expired at ${signed.expires}`,
    {
      pointer: '/signed/expires',
      details: { version: signed.version, expires: signed.expires },
    },
  );
}
