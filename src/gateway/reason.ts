import { CountersignError } from '../errors.js';
import type { GatewayCall } from './call.js';

const REASON = 'x-countersign-reason';

/**
 * Why something is asked for, as officers read it: from a header that fioctl sends when `extraheaders` says so, in UTF-8; else
 * what was run.
 *
 * @throws INPUT_INVALID the header is not UTF-8
 */
export function reasonOf({ req }: Pick<GatewayCall, 'req'>, run: string): string {
  const header = [req.headers[REASON] ?? ''].flat().join(' ');
  if (header === '') return run;
  const reason = Buffer.from(header, 'latin1').toString('utf8');
  if (!reason.includes('\ufffd')) return reason;
  throw new CountersignError('INPUT_INVALID', 'the header X-Countersign-Reason is not UTF-8');
}
