import type { IncomingMessage } from 'node:http';
import { CountersignError } from '../errors.js';
import { PassedOn, type GatewayAnswer } from './answer.js';
import { collectBytes } from './collect-bytes.js';
import { credentialHeaders } from './headers.js';
import type { GatewayFactory } from './ports.js';
import { watchSilence, type Silence } from './silence.js';
import type { Upstream } from './upstream.js';

/** Roots and people; the largest are lists of targets documents. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Asks a Factory something in the name of one caller. */
export type AskFactory = (target: string) => Promise<Buffer>;

/**
 * GETs from the Factory with the caller's own credentials, whatever headers they stand in; they are used for this call and kept nowhere.
 *
 * @param signal aborts when the caller has gone
 * @returns of `target` (path and query from `/ota` on) the body of a 200
 * @throws PassedOn with any answer of 400 and more; FACTORY_UNAVAILABLE, FACTORY_ANSWER_INVALID
 */
export function askAs(
  caller: IncomingMessage,
  signal: AbortSignal,
  factory: GatewayFactory,
  { upstream, silenceMs }: { upstream: Upstream; silenceMs: number },
): AskFactory {
  return async (target) => {
    const silence = watchSilence(silenceMs, factory.name);
    signal.addEventListener('abort', silence.leave);
    try {
      const call = { method: 'GET', target, headers: credentialHeaders(caller.rawHeaders) };
      const answer = await upstream.call(factory, call, silence);
      const body = await readWhole(answer.on('data', silence.heard), factory, silence);
      if (answer.statusCode === 200) return body;
      if (Number(answer.statusCode) >= 400) throw new PassedOn(passedOn(answer, body));
      throw new CountersignError('FACTORY_ANSWER_INVALID', `Factory ${factory.name} answered ${answer.statusCode}`);
    } finally {
      signal.removeEventListener('abort', silence.leave);
      silence.end();
    }
  };
}

async function readWhole(answer: IncomingMessage, factory: GatewayFactory, silence: Silence): Promise<Buffer> {
  const bytes = await collectBytes(answer, MAX_ANSWER_BYTES).catch((cause: unknown) => {
    // it was cut off here, for having stopped in the middle
    const { reason } = silence;
    if (reason instanceof CountersignError) throw reason;
    throw new CountersignError('FACTORY_UNAVAILABLE', `the answer of Factory ${factory.name} was cut off`, { cause });
  });
  if (bytes !== null) return bytes;
  throw new CountersignError('FACTORY_ANSWER_INVALID', `Factory ${factory.name} answered more than can be looked at`);
}

function passedOn({ statusCode = 502, headers }: IncomingMessage, body: Buffer): GatewayAnswer {
  return { status: statusCode, body, mediaType: headers['content-type'] ?? 'application/json' };
}
