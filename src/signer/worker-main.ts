import { Worker } from 'node:worker_threads';
import { PayloadPipe } from './worker/payload-pipe.js';
import { runWorker } from './worker/run-worker.js';

/**
 * The worker's process: forked by the signer, never started by hand. It is told everything over the IPC channel and
 * looks at neither arguments nor, itself, at the environment, which is the module's.
 */
if (process.send === undefined) throw new Error('this program is started by `countersign signer`');

// Ctrl-C and a stopping service manager signal the whole group: the signer alone decides when workers go.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

new Worker(new URL('./worker/watch-parent.js', import.meta.url), {
  workerData: { parentPid: process.ppid, graceMs: 5000 },
  execArgv: [],
}).unref();

runWorker({
  // without a callback an answer that nobody takes any more would end this process before it has logged out
  send: (message) => process.send?.(message, undefined, undefined, () => undefined),
  payloads: new PayloadPipe(),
  onRequest: (handle) => process.on('message', handle),
  onDisconnect: (handle) => process.on('disconnect', handle),
  exit: () => process.exit(0),
});
