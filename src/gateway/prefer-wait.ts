import type { IncomingMessage } from 'node:http';

/**
 * Until when a caller wants to wait for people: `Prefer: wait=N` (RFC 7240), which fioctl sends when its `extraheaders` say so.
 *
 * @param maxWaitSeconds what is granted at most; whatever stands in between must keep such a connection
 */
export function waitUntil({ headers }: Pick<IncomingMessage, 'headers'>, now: Date, maxWaitSeconds: number): Date {
  const prefer = headers['prefer'];
  const text = Array.isArray(prefer) ? prefer.join(',') : (prefer ?? '');
  const seconds = Number(/(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})/i.exec(text)?.[1] ?? 0);
  return new Date(now.getTime() + Math.min(seconds, maxWaitSeconds) * 1000);
}
