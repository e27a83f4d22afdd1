import { setImmediate } from 'node:timers/promises';
import { CountersignError, errorToWire, isCountersignError, type ErrorWire } from '../../errors.js';
import { readPinFile } from '../pin/index.js';
import { actionAfter, type CkrAction } from '../pkcs11/ckr.js';
import { requestSchema, type WorkerMessage, type WorkerResult, type TaskOf, type WorkerTask } from './protocol.js';
import type { OpenToken } from './open-token.js';
import type { PayloadPipe } from './payload-pipe.js';

/**
 * Of many signatures those that are made are told about so often, a slow token's one by one: the signer verifies them meanwhile, and hears that
 * the token is at work;
 */
const TELL_EVERY_MS = 6;
/**
 * and when so many are left: verifying takes half as long as a fast signature, so it has caught up when the last one comes, which
 * alone is verified while nothing else is being made.
 */
const TELL_WHEN_LEFT: readonly number[] = [12, 4, 1];

/** The process around a worker, as the worker sees it. */
export interface WorkerPort {
  send(message: WorkerMessage): void;
  onRequest(handle: (request: unknown) => void): void;
  /** What many signatures are made over. */
  readonly payloads: PayloadPipe;
  /** The signer is gone. */
  onDisconnect(handle: () => void): void;
  exit(): void;
}

/**
 * Works off the signer's requests, one after another and synchronously, until it is told to close or the signer is
 * gone; then logs out and exits. Native code is loaded with the first task that needs a module.
 */
export function runWorker(port: WorkerPort): void {
  let token: OpenToken | null = null;
  let turn = Promise.resolve();

  const leave = (): void => {
    try {
      token?.close();
    } finally {
      port.exit();
    }
  };

  const work = async (id: number, task: WorkerTask): Promise<unknown> => {
    if (task.type === 'open') {
      if (token !== null) throw new CountersignError('TOKEN_FAILED', 'this worker has its token already');
      const { OpenToken } = await import('./open-token.js');
      token = OpenToken.open(task);
      return opened(token);
    }
    if (task.type === 'init-token') return initToken(task);
    if (task.type === 'close') return {};
    if (token === null) throw new CountersignError('TOKEN_UNAVAILABLE', 'this worker has no token yet');
    if (task.type === 'sign') return signed(token, task);
    if (task.type === 'sign-all') return signedAll(port, token, id, task);
    if (task.type === 'canary') {
      return { signature: token.signCanary(task.keyid, task.payload) } satisfies WorkerResult<'canary'>;
    }
    if (task.type === 'prove') {
      return { signature: token.prove(task.keyid, task.payload) } satisfies WorkerResult<'prove'>;
    }
    if (task.type === 'destroy') {
      return { destroyed: token.destroy(task.keyid) } satisfies WorkerResult<'destroy'>;
    }
    if (task.type === 'generate') {
      const { generateKey } = await import('./generate-key.js');
      return { key: generateKey(token, task.request) } satisfies WorkerResult<'generate'>;
    }
    if (task.type === 'generate-canary') {
      const { generateCanary } = await import('./generate-canary.js');
      return { canary: generateCanary(token, task.keyType) } satisfies WorkerResult<'generate-canary'>;
    }
    token.refresh();
    return { keys: token.keys(), canary: token.canary() } satisfies WorkerResult<'keys'>;
  };

  port.onRequest((raw) => {
    const { id, task } = requestSchema.parse(raw);
    turn = turn.then(async () => {
      try {
        port.send({ type: 'done', id, result: await work(id, task) });
      } catch (error) {
        port.send({ type: 'failed', id, error: describe(error), action: outwards(actionAfter(error)) });
      }
      if (task.type === 'close') leave();
    });
  });
  port.onDisconnect(leave);
  port.send({ type: 'hello' });
}

function opened(token: OpenToken): WorkerResult<'open'> {
  const { label, serial } = token.session.token.info;
  return { label, serial, keys: token.keys(), canary: token.canary() };
}

function signed(token: OpenToken, task: TaskOf<'sign'>): WorkerResult<'sign'> {
  return { signature: token.sign(task.keyid, task.payload) };
}

/** @returns the last ones: those before them were told */
async function signedAll(
  { payloads, send }: Pick<WorkerPort, 'payloads' | 'send'>,
  token: OpenToken,
  id: number,
  { keyid, lengths }: TaskOf<'sign-all'>,
): Promise<WorkerResult<'sign-all'>> {
  let signatures: WorkerResult<'sign-all'>['signatures'] = [];
  let toldMs = performance.now();
  let left = lengths.length;
  for (const payload of payloads.take(id, lengths)) {
    signatures.push(token.signUnverified(keyid, payload));
    left -= 1;
    if (!TELL_WHEN_LEFT.includes(left) && performance.now() - toldMs < TELL_EVERY_MS) continue;
    send({ type: 'some', id, result: { signatures } satisfies WorkerResult<'sign-all'> });
    signatures = [];
    await setImmediate(); // it leaves now, and that the signer is gone is noticed
    toldMs = performance.now();
  }
  return { signatures };
}

async function initToken(task: TaskOf<'init-token'>): Promise<WorkerResult<'init-token'>> {
  const pkcs11 = await import('../pkcs11/index.js');
  const soPin = readPinFile(task.soPinFile);
  const userPin = readPinFile(task.userPinFile);
  const module = pkcs11.Pkcs11Module.open(task.module);
  try {
    const { label, serial } = pkcs11.initToken(module, task.label, soPin, userPin);
    return { label, serial };
  } finally {
    module.close();
  }
}

/** A worker has no log of its own, so what is no error of ours keeps its text. */
function describe(error: unknown): ErrorWire {
  if (isCountersignError(error)) return errorToWire(error);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no error was thrown';
  return { code: 'TOKEN_FAILED', message: `the worker failed: ${text}` };
}

/** What could be tried again in here was tried: from outside only a fresh process is left. */
function outwards(action: CkrAction): CkrAction {
  return action === 'retry' || action === 'fresh-session' ? 'fresh-process' : action;
}
