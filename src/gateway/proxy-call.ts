import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { CountersignError } from '../errors.js';
import { forwardedHeaders, returnedHeaders } from './headers.js';
import { isRead } from './is-read.js';
import type { GatewayFactory } from './ports.js';
import { watchSilence } from './silence.js';
import type { Upstream } from './upstream.js';

/**
 * Passes a call on as it came and its answer as it comes: request line, headers and bodies, both streamed. Whoever goes first, caller or
 * Factory, ends the call for the other.
 *
 * @throws FACTORY_UNAVAILABLE, FACTORY_ANSWER_INVALID, INPUT_INVALID, as long as nothing was answered; later the connection is cut,
 *   which is the only honest sign then
 */
export async function proxyCall(
  req: IncomingMessage,
  res: ServerResponse,
  factory: GatewayFactory,
  { upstream, silenceMs }: { upstream: Upstream; silenceMs: number },
): Promise<void> {
  const { method = 'GET', url: target = '/' } = req;
  const isChunked = req.headers['transfer-encoding'] !== undefined;
  const hasBody = isChunked || Number(req.headers['content-length'] ?? 0) > 0;
  if (hasBody && isRead(method)) {
    throw new CountersignError('INPUT_INVALID', `a ${method} with a body is not passed on`, {
      hint: 'Servers disagree on where such a request ends.',
    });
  }
  const headers = [...forwardedHeaders(req.rawHeaders), ...(isChunked ? ['Transfer-Encoding', 'chunked'] : [])];

  const silence = watchSilence(silenceMs, factory.name);
  res.once('close', silence.leave);
  const sendBody = (outgoing: ClientRequest): void => {
    if (hasBody) req.on('data', silence.heard).pipe(outgoing);
    else outgoing.end();
  };
  const answer = await upstream.call(factory, { method, target, headers }, silence, sendBody);
  res.writeHead(answer.statusCode ?? 0, answer.statusMessage ?? '', returnedHeaders(answer.rawHeaders));
  // from here on there is nothing left to throw; `pipeline` would do the same and take several times as long
  answer
    .on('data', silence.heard)
    .once('error', () => res.destroy())
    .pipe(res);
}
