import { METHODS } from 'node:http';
import { z } from 'zod';

const schema = z.object({
  /** Who sends it; anything unknown is nobody. */
  as: z.unknown().optional(),
  method: z.unknown().optional(),
  path: z.unknown().optional(),
  headers: z.unknown().optional(),
  body: z.unknown().optional(),
});

/** A request as the corpus has it: JSON, so that it can be changed as a value, and of no form that must be kept. */
export interface FuzzRequest {
  readonly as: string;
  readonly method: string;
  readonly bytes: Buffer;
}

/** Of these HTTP itself takes care here: bytes that are not framed rightly are for the targets named raw. */
const FRAMING = /^(?:content-length|transfer-encoding|connection|expect|upgrade|authorization|host)$/i;

/**
 * The bytes of a request that HTTP can read, whatever stands in the input.
 *
 * @param fill puts what only the running world knows in the place of `@WORD@`
 * @param bearerOf the token of a sender
 */
export function requestOf(
  input: Buffer,
  fill: (text: string) => string,
  bearerOf: (as: string) => string | undefined,
): FuzzRequest {
  const { as, method, path, headers, body } = schema.catch({}).parse(JSON.parse(input.toString('utf8')));
  const sender = textOf(as);
  const verb = METHODS.find((known) => known === method && known !== 'CONNECT') ?? 'POST';
  const target = fill(textOf(path)).replace(/[^!-~]/g, (character) => encodeURIComponent(wellFormed(character)));
  const content = Buffer.from(body === undefined || body === null ? '' : fill(textOf(body)), 'utf8');
  const bearer = bearerOf(sender);
  const lines = [
    `${verb} ${target.startsWith('/') ? target : `/${target}`} HTTP/1.1`,
    'Host: countersign',
    'Connection: close',
    `Content-Length: ${content.length}`,
    ...(bearer === undefined ? [] : [`Authorization: Bearer ${bearer}`]),
    ...headerLines(headers),
  ];
  return {
    as: sender,
    method: verb,
    bytes: Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content]),
  };
}

function headerLines(headers: unknown): string[] {
  if (typeof headers !== 'object' || headers === null) return [];
  return Object.entries(headers).flatMap(([name, value]) => {
    if (!/^[A-Za-z-]{1,60}$/.test(name) || FRAMING.test(name)) return [];
    const text = textOf(value).replace(/[^\t -~\u0080-\u00ff]/gu, '?');
    return [`${name}: ${text.slice(0, 4000)}`];
  });
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function wellFormed(character: string): string {
  return /\p{Cs}/u.test(character) ? '' : character;
}
