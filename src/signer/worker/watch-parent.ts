import { setInterval } from 'node:timers';
import { workerData } from 'node:worker_threads';

/**
 * Runs in a thread beside the worker. When the signer dies, a worker notices by its closed channel and logs out; but
 * one that sits in a module call which never returns notices nothing. This thread sees that the parent has changed,
 * leaves the worker some time to go by itself and then ends the process.
 */
// Unparsed: it comes from worker-main, and a schema would bring all of zod into every worker once more.
const { parentPid, graceMs } = workerData as { readonly parentPid: number; readonly graceMs: number };
const POLL_MS = 1000;

let orphanedAt: number | null = null;
setInterval(() => {
  if (process.ppid === parentPid) return;
  orphanedAt ??= performance.now();
  if (performance.now() - orphanedAt >= graceMs) process.kill(process.pid, 'SIGKILL');
}, POLL_MS);
