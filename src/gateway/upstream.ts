import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { CountersignError } from '../errors.js';
import { isRead } from './is-read.js';
import type { GatewayObserver } from './observer.js';
import type { GatewayFactory } from './ports.js';
import type { Silence } from './silence.js';

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
   * @param silence gives it up, the answer's body included
   * @param sendBody writes the body and ends it; left out where there is none
   * @returns the answer's head, its body still to be read
   * @throws FACTORY_UNAVAILABLE, FACTORY_ANSWER_INVALID (a redirect: followed, it would take the caller's token elsewhere)
   */
  call(
    factory: GatewayFactory,
    call: UpstreamCall,
    silence: Silence,
    sendBody?: (outgoing: ClientRequest) => void,
  ): Promise<IncomingMessage>;
  close(): void;
}

const MAX_FREE_SOCKETS = 64;

/**
 * Connections are kept and used again for reads only. A Factory may close an idle one just as a call goes out on it; a read is made once
 * more then, but of a write nobody could tell whether it arrived.
 */
export function createUpstream({ onUpstream }: Pick<GatewayObserver, 'onUpstream'>): Upstream {
  const kept = { keepAlive: true, maxFreeSockets: MAX_FREE_SOCKETS };
  const plain = new HttpAgent(kept);
  const secure = new HttpsAgent(kept);

  const begin = (factory: GatewayFactory, { method, target, headers }: UpstreamCall): ClientRequest => {
    const { isSecure, host, port, authority, path } = addressOf(factory);
    const [request, agent] = isSecure ? [httpsRequest, secure] : [httpRequest, plain];
    const sent = ['Host', authority, ...headers];
    return request({ host, port, method, path: path + target, headers: sent, agent: isRead(method) && agent });
  };

  return {
    // callbacks and one promise: this is the way of every call that is passed on
    call: (factory, call, silence, sendBody = (outgoing) => outgoing.end()) =>
      new Promise((resolve, reject) => {
        const startedMs = performance.now();
        const report = (outcome: string): void =>
          onUpstream({ factory: factory.name, outcome, seconds: (performance.now() - startedMs) / 1000 });
        let [isAnswered, isRepeated] = [false, false];
        const attempt = (): void => {
          const outgoing = begin(factory, call);
          silence.watch(outgoing);
          // stays for as long as the call does: what breaks after the answer has begun is the answer's to tell
          outgoing.on('error', (error) => {
            if (isAnswered) return;
            const { reason } = silence;
            if (reason === null && outgoing.reusedSocket && !isRepeated) {
              isRepeated = true;
              attempt();
              return;
            }
            report('none');
            reject(reason instanceof CountersignError ? reason : unavailable(factory, error));
          });
          outgoing.once('response', (answer) => {
            isAnswered = true;
            report(`${Math.floor((answer.statusCode ?? 0) / 100)}xx`);
            if (isRedirect(answer)) reject(redirected(factory, answer));
            else resolve(answer);
          });
          sendBody(outgoing);
        };
        attempt();
      }),
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

interface Address {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: string;
  /** What `Host` says. */
  readonly authority: string;
  /** Before each target. */
  readonly path: string;
}

const addresses = new WeakMap<GatewayFactory, Address>();

/** Worked out once for each Factory. */
function addressOf(factory: GatewayFactory): Address {
  const known = addresses.get(factory);
  if (known !== undefined) return known;
  const url = new URL(factory.url);
  const address = {
    isSecure: url.protocol === 'https:',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port,
    authority: url.host,
    path: url.pathname.replace(/\/+$/, ''),
  };
  addresses.set(factory, address);
  return address;
}

function isRedirect({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400 && statusCode !== 304;
}

function redirected(factory: GatewayFactory, answer: IncomingMessage): CountersignError {
  answer.destroy();
  return new CountersignError('FACTORY_ANSWER_INVALID', `Factory ${factory.name} redirects, which is not followed`, {
    hint: 'Set its URL in the policy to the address that serves the API itself.',
    details: { status: answer.statusCode ?? 0 },
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
