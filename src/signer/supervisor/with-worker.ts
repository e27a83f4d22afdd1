import { CountersignError } from '../../errors.js';
import type { TokenConfig } from '../token-types.js';
import type { TaskOf, WorkerResult, WorkerTask } from '../worker/index.js';
import { openTask, startTimeoutMs } from './open-task.js';
import type { PoolOptions } from './worker-pool.js';
import { type WorkerOptions, WorkerProcess } from './worker-process.js';

const CLOSE_TIMEOUT_MS = 5_000;

/**
 * One task in a worker of its own, logged in to the token before and out of it afterwards. Nothing is tried twice.
 *
 * @throws what the worker reports; WORKER_UNAVAILABLE if it ended or gave no answer in time
 */
export async function askOnce<T extends WorkerTask['type']>(
  config: TokenConfig,
  options: PoolOptions,
  task: TaskOf<T>,
  timeoutMs: number,
): Promise<WorkerResult<T>> {
  return withWorker(options, config.moduleEnvironment, async (worker) => {
    await answerOf(worker, openTask(config, options.stateDir), startTimeoutMs(config));
    return answerOf(worker, task, timeoutMs);
  });
}

/** The same without a login, for what is done before there is anything to log in to. */
export async function askModule<T extends WorkerTask['type']>(
  moduleEnvironment: Readonly<Record<string, string>>,
  options: WorkerOptions,
  task: TaskOf<T>,
  timeoutMs: number,
): Promise<WorkerResult<T>> {
  return withWorker(options, moduleEnvironment, async (worker) => answerOf(worker, task, timeoutMs));
}

async function withWorker<R>(
  options: WorkerOptions,
  moduleEnvironment: Readonly<Record<string, string>>,
  use: (worker: WorkerProcess) => Promise<R>,
): Promise<R> {
  const worker = new WorkerProcess(options, moduleEnvironment);
  try {
    return await use(worker);
  } finally {
    await worker.close(CLOSE_TIMEOUT_MS);
  }
}

async function answerOf<T extends WorkerTask['type']>(
  worker: WorkerProcess,
  task: TaskOf<T>,
  timeoutMs: number,
): Promise<WorkerResult<T>> {
  const answer = await worker.ask<T>(task, timeoutMs);
  switch (answer.kind) {
    case 'done':
      return answer.result;
    case 'failed':
    case 'gone':
      throw answer.error;
    default:
      throw new CountersignError('INTERNAL', `no such answer: ${String(answer satisfies never)}`);
  }
}
