import { setImmediate } from 'node:timers/promises';
import { CountersignError, errorToWire, isCountersignError, type ErrorWire } from '../../errors.js';
import { readPinFile } from '../pin/index.js';
import { actionAfter, type CkrAction } from '../pkcs11/ckr.js';
import { Inflow } from './inflow.js';
import { requestSchema, type WorkerMessage, type WorkerResult, type TaskOf, type WorkerTask } from './protocol.js';
import type { OpenToken } from './open-token.js';

/** Payloads that have come meanwhile are read between two signatures, about so often. */
const READ_EVERY_MS = 2;

/** The process around a worker, as the worker sees it. */
export interface WorkerPort {
  send(message: WorkerMessage): void;
  onRequest(handle: (request: unknown) => void): void;
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
  /** Of the requests that are not done, by their ids. */
  const inflows = new Map<number, Inflow>();

  const leave = (): void => {
    try {
      token?.close();
    } finally {
      port.exit();
    }
  };

  const work = async (task: WorkerTask, inflow: Inflow, more: number): Promise<unknown> => {
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
    if (task.type === 'sign-all') {
      return signedAll(token, task.keyid, inflow.take(task.payloads.length + more));
    }
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
    const request = requestSchema.parse(raw);
    const { id } = request;
    if ('payloads' in request) return inflows.get(id)?.push(request.payloads);
    const { task, more = 0 } = request;
    // the first ones at once: the next may be here before the turn of this request comes
    const inflow = new Inflow(task.type === 'sign-all' ? task.payloads : []);
    inflows.set(id, inflow);
    turn = turn.then(async () => {
      try {
        port.send({ type: 'done', id, result: await work(task, inflow, more) });
      } catch (error) {
        port.send({ type: 'failed', id, error: describe(error), action: outwards(actionAfter(error)) });
      } finally {
        inflows.delete(id);
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

async function signedAll(
  token: OpenToken,
  keyid: string,
  payloads: AsyncIterable<Uint8Array>,
): Promise<WorkerResult<'sign-all'>> {
  const signatures: WorkerResult<'sign-all'>['signatures'] = [];
  let readMs = performance.now();
  for await (const payload of payloads) {
    signatures.push(token.signUnverified(keyid, payload));
    if (performance.now() - readMs < READ_EVERY_MS) continue;
    await setImmediate();
    readMs = performance.now();
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
