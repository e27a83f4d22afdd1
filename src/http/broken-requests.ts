import { randomUUID } from 'node:crypto';
import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { HEADERS, MEDIA_TYPES } from '../api/index.js';
import { CountersignError } from '../errors.js';
import { toProblem } from './problem/to-problem.js';

/** The answer to bytes that never became a request. */
export type DescribeBroken = (
  error: CountersignError,
  requestId: string,
) => { readonly mediaType: string; readonly body: object };

const describeAsProblem: DescribeBroken = (error, requestId) => ({
  mediaType: MEDIA_TYPES.problem,
  body: toProblem(error, requestId),
});

/**
 * Answers, in the form of all other errors, what is so broken that it never becomes a request: bytes that are
 * not HTTP, headers without an end, CONNECT.
 */
export function answerBrokenRequests(server: Server, describe: DescribeBroken = describeAsProblem): void {
  const underWay = new WeakMap<Duplex, Set<ServerResponse>>();
  server.on('request', (req, res) => {
    const answers = underWay.get(req.socket) ?? new Set();
    underWay.set(req.socket, answers.add(res));
    res.once('close', () => answers.delete(res));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const answers = [...(underWay.get(socket) ?? [])];
    // behind or inside another answer there is no place for this one
    const free = answers.length <= 1 && answers.every((res) => !res.headersSent);
    if (socket.writable && free) refuse(socket, describe, ...refusalOf(error.code));
    // the request may have begun before its body broke; its handler must find nobody to answer
    if (answers.length > 0 || !socket.writable) socket.destroy();
  });
  server.on('connect', (_req, socket: Duplex) =>
    refuse(socket, describe, '405 Method Not Allowed', new CountersignError('METHOD_NOT_ALLOWED', 'this is no proxy')),
  );
}

function refusalOf(code: string | undefined): [line: string, error: CountersignError] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [
        '431 Request Header Fields Too Large',
        new CountersignError('INPUT_INVALID', 'the request line and headers are larger than 16 KiB'),
      ];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', new CountersignError('INPUT_INVALID', 'the request did not arrive in time')];
    case undefined:
    default:
      return ['400 Bad Request', new CountersignError('INPUT_INVALID', 'this is not an HTTP/1.1 request')];
  }
}

function refuse(socket: Duplex, describe: DescribeBroken, line: string, error: CountersignError): void {
  const requestId = randomUUID();
  const described = describe(error, requestId);
  // a problem tells its status, which here is the line's and not the code's
  const status = 'status' in described.body ? { status: Number(line.slice(0, 3)) } : {};
  const body = JSON.stringify({ ...described.body, ...status });
  socket.end(
    [
      `HTTP/1.1 ${line}`,
      `Content-Type: ${described.mediaType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `${HEADERS.requestId}: ${requestId}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
