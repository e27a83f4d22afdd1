import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../telemetry/index.js';
import { isRead } from './is-read.js';
import type { CallReport, GatewayObserver } from './observer.js';

const MAX_PATH_CHARS = 200;
const LOCKED = 423;

/**
 * Counts a call when it has ended, and writes a line for it: reads that were passed on and went well, and questions whether it is there,
 * are the most and of no interest, so only a log of level `debug` has them. Neither headers nor bodies nor the query are written: any of them may hold a credential.
 *
 * @returns takes what the call is, once that is known
 */
export function reportWhenEnded(
  req: IncomingMessage,
  res: ServerResponse,
  { logger, observer }: { logger: Logger; observer: GatewayObserver },
): (call: CallReport['call']) => void {
  const startedMs = performance.now();
  let call: CallReport['call'] = 'refused';
  res.once('close', () => {
    const { method = '', url = '' } = req;
    const { statusCode: status, writableFinished: isWhole } = res;
    const durationMs = performance.now() - startedMs;
    observer.onCall({ call, outcome: isWhole ? outcomeOf(status) : 'aborted', seconds: durationMs / 1000 });
    const isOrdinary = (call === 'proxied' || call === 'health') && isRead(method) && status < 400 && isWhole;
    logger[isOrdinary ? 'debug' : 'info']('gateway call', {
      method,
      path: url.split('?')[0]?.slice(0, MAX_PATH_CHARS),
      status,
      durationMs: Math.round(durationMs),
      ...(isWhole ? {} : { aborted: true }),
    });
  });
  return (known) => {
    call = known;
  };
}

function outcomeOf(status: number): string {
  return status === LOCKED ? 'waiting' : `${Math.floor(status / 100)}xx`;
}
