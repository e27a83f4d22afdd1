import type { IncomingMessage } from 'node:http';

const MAX_CHARS = 900;

/**
 * Why something is asked for, as officers read it: the header `X-Countersign-Reason`, which fioctl sends when its `extraheaders`
 * say so; or else what fioctl says by itself.
 */
export function reasonOf({ headers }: Pick<IncomingMessage, 'headers'>, said: string): string {
  const given = headers['x-countersign-reason'];
  const text = Array.isArray(given) ? given.join(' ') : (given ?? '');
  const reason = text.trim() === '' ? said : text;
  return `fioctl: ${reason.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]+/gu, ' ').trim().slice(0, MAX_CHARS)}`;
}
