import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { CountersignError, errorFromWire } from '../../errors.js';
import { watchSilence, type Silence } from '../../silence.js';
import { currentRequestId } from '../../telemetry/index.js';
import { errorWireSchema, REQUEST_ID_HEADER } from '../protocol.js';

export interface SignerQuestion {
  readonly socketPath: string;
  /** A call is given up when nothing moved for so long: no byte either way, and nothing that `followMoves` heard of. */
  readonly timeoutMs: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: { readonly mediaType: string; readonly pieces: AsyncIterable<string> | Iterable<string> };
  readonly headers?: Readonly<Record<string, string>>;
  /** Watches, once all is sent, what the signer is doing meanwhile. @returns ends that */
  readonly followMoves?: (heard: () => void) => () => void;
}

export interface SignerCall<T> extends SignerQuestion {
  readonly answer: z.ZodType<T>;
}

/** A signer's answer is a handful of signatures, keys or watermarks. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * One call over the socket, on a connection of its own.
 *
 * @throws the signer's own codes; SIGNER_UNAVAILABLE if it cannot be reached, breaks off or is silent for too long; what reading the body throws
 */
export async function callSigner<T>(call: SignerCall<T>): Promise<T> {
  const answer = call.answer.safeParse(parseJson(await askSigner(call)));
  if (answer.success) return answer.data;
  throw unavailable('the signer answered what this program does not understand', answer.error);
}

/** The same for an answer that is taken as it is. */
export async function askSigner(question: SignerQuestion): Promise<string> {
  const { status, text } = await exchange(question);
  if (status === 200) return text;
  const wire = errorWireSchema.safeParse(parseJson(text));
  if (wire.success) throw errorFromWire(wire.data);
  throw unavailable(`the signer answered ${status} without saying why`);
}

async function exchange(call: SignerQuestion): Promise<{ status: number; text: string }> {
  const silence = watchSilence(call.timeoutMs, () => unavailable(`the signer was silent for ${call.timeoutMs} ms`));
  try {
    return await exchangeUntil(silence, call);
  } catch (error) {
    throw silence.signal.aborted ? silence.signal.reason : error;
  } finally {
    silence.end();
  }
}

async function exchangeUntil(
  { signal, heard }: Silence,
  call: SignerQuestion,
): Promise<{ status: number; text: string }> {
  const { socketPath, method, path, body, followMoves = () => () => undefined } = call;
  const requestId = currentRequestId();
  const headers = {
    ...call.headers,
    ...(body === undefined ? {} : { 'content-type': body.mediaType }),
    ...(requestId === undefined ? {} : { [REQUEST_ID_HEADER]: requestId }),
  };
  const request = httpRequest({ socketPath, method, path, headers, agent: false, signal });
  // The signer may have an answer before the first block is full.
  if (body !== undefined) request.flushHeaders();
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
  });
  // The answer may come, or the connection break, while the body is still being written.
  const done = new AbortController();
  response.then(
    () => done.abort(),
    () => done.abort(),
  );
  try {
    await writeBody(request, body?.pieces ?? [], { done: done.signal, heard });
  } catch (error) {
    request.destroy();
    await response.catch(() => undefined);
    throw error;
  }
  const leave = followMoves(heard);
  try {
    const message = await response;
    return { status: message.statusCode ?? 0, text: await readText(message, heard) };
  } catch (cause) {
    throw unavailable(`the signer cannot be reached at ${socketPath}`, cause);
  } finally {
    leave();
  }
}

/** Lines go out together up to so many characters: each write costs as much as some ten thousand of them. */
const BLOCK_LENGTH = 128 * 1024;

/** Writes at the pace at which the signer reads; stops when there is nobody to read any more. */
async function writeBody(
  request: ReturnType<typeof httpRequest>,
  pieces: AsyncIterable<string> | Iterable<string>,
  { done, heard }: { done: AbortSignal; heard: () => void },
): Promise<void> {
  let block = '';
  for await (const piece of pieces) {
    if (done.aborted) break;
    block += piece;
    if (block.length < BLOCK_LENGTH) continue;
    if (!request.write(Buffer.from(block))) await drained(request, done);
    heard();
    block = '';
  }
  if (block !== '') request.write(Buffer.from(block));
  request.end();
}

async function drained(request: ReturnType<typeof httpRequest>, done: AbortSignal): Promise<void> {
  if (done.aborted) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      request.off('drain', go);
      done.removeEventListener('abort', go);
      resolve();
    };
    request.on('drain', go);
    done.addEventListener('abort', go);
  });
}

async function readText(message: IncomingMessage, heard: () => void): Promise<string> {
  message.setEncoding('utf8');
  let text = '';
  for await (const piece of message) {
    heard();
    text += String(piece);
    if (text.length > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unavailable(message: string, cause?: unknown): CountersignError {
  return new CountersignError('SIGNER_UNAVAILABLE', message, {
    hint: '`countersign signer run` has to be running, and this user in the group of its socket',
    cause,
  });
}
