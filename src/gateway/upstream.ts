import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { CountersignError } from '../errors.js';
import type { GatewayFactory } from './ports.js';

/** One call to a Factory as it goes out. */
export interface UpstreamCall {
  readonly method: string;
  /** Path and query from `/ota` on; nothing in it is escaped or tidied up. */
  readonly target: string;
  /** Raw: name, value, … */
  readonly headers: readonly string[];
}

/** Connections to the Factories. */
export interface Upstream {
  /**
   * Makes one call.
   *
   * @param signal gives it up, the answer's body included; aborted with a CountersignError, that is thrown
   * @param sendBody writes the body and ends it; left out where there is none
   * @returns the answer's head, its body still to be read
   * @throws FACTORY_UNAVAILABLE, FACTORY_ANSWER_INVALID (a redirect: followed, it would take the caller's token elsewhere)
   */
  call(
    factory: GatewayFactory,
    call: UpstreamCall,
    signal: AbortSignal,
    sendBody?: (outgoing: ClientRequest) => void,
  ): Promise<IncomingMessage>;
  close(): void;
}

const MAX_FREE_SOCKETS = 64;

/**
 * Connections are kept and used again for reads only. A Factory may close an idle one just as a call goes out on it; a read is made once
 * more then, but of a write nobody could tell whether it arrived.
 */
export function createUpstream(): Upstream {
  const kept = { keepAlive: true, maxFreeSockets: MAX_FREE_SOCKETS };
  const plain = new HttpAgent(kept);
  const secure = new HttpsAgent(kept);

  const begin = (factory: GatewayFactory, { method, target, headers }: UpstreamCall, signal: AbortSignal) => {
    const url = new URL(factory.url);
    const [request, agent] = url.protocol === 'https:' ? [httpsRequest, secure] : [httpRequest, plain];
    return request({
      method,
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port,
      path: `${url.pathname.replace(/\/+$/, '')}${target}`,
      headers: ['Host', url.host, ...headers],
      agent: isRead(method) && agent,
      signal,
    });
  };

  return {
    async call(factory, call, signal, sendBody = (outgoing) => outgoing.end()) {
      const first = begin(factory, call, signal);
      try {
        return refuseRedirect(factory, await answerTo(first, sendBody));
      } catch (error) {
        if (signal.reason instanceof CountersignError) throw signal.reason;
        if (error instanceof CountersignError) throw error;
        if (signal.aborted || !first.reusedSocket) throw unavailable(factory, error);
      }
      const again = begin(factory, call, signal);
      const answer = await answerTo(again, sendBody).catch((error: unknown) => {
        throw unavailable(factory, error);
      });
      return refuseRedirect(factory, answer);
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

/** Reads ask for something and change nothing. */
export function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

async function answerTo(
  outgoing: ClientRequest,
  sendBody: (outgoing: ClientRequest) => void,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // stays for as long as the call does: what breaks after the answer has begun is the answer's to tell
    outgoing.on('error', reject);
    outgoing.once('response', resolve);
    sendBody(outgoing);
  });
}

function refuseRedirect(factory: GatewayFactory, answer: IncomingMessage): IncomingMessage {
  const status = answer.statusCode ?? 0;
  if (status < 300 || status >= 400 || status === 304) return answer;
  answer.destroy();
  throw new CountersignError('FACTORY_ANSWER_INVALID', `Factory ${factory.name} redirects, which is not followed`, {
    hint: 'Set its URL in the policy to the address that serves the API itself.',
    details: { status },
  });
}

function unavailable(factory: GatewayFactory, cause: unknown): CountersignError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'connection failed';
  return new CountersignError('FACTORY_UNAVAILABLE', `Factory ${factory.name} gave no answer (${code})`, {
    hint: 'It may have done what it was asked all the same: look before you ask again.',
    details: { timedOut: false },
    cause,
  });
}
