/**
 * Ends a run that would never end. Jest's own time limit needs a test process that still turns its event loop; one that is stuck, in a
 * loop, a system call or the loading of modules, is waited for without limit.
 *
 * A file that has run far longer than any takes is written down with what its process was doing. Its test process is killed as soon as
 * no other file is under way, so Jest reports that file as failed and comes to its end. Active with `--ci`, where nobody watches.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 5_000;
const REPORT_MS = 5_000;

export default class StallReporter {
  #root;
  #limitMs;
  #since = new Map();
  #stalled = new Set();
  #timer;

  /** @param options `minutes`: how long one file may take */
  constructor(globalConfig, options) {
    this.#root = globalConfig.rootDir;
    this.#limitMs = options.minutes * 60_000;
    if (!globalConfig.ci) return;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  onTestFileStart(test) {
    this.#since.set(test.path, performance.now());
  }

  onTestFileResult(test) {
    this.#since.delete(test.path);
  }

  onRunComplete() {
    clearInterval(this.#timer);
  }

  #look() {
    const now = performance.now();
    for (const [path, since] of this.#since) {
      if (now - since > this.#limitMs && !this.#stalled.has(path)) this.#writeDown(path);
    }
    if (this.#stalled.size === 0 || [...this.#since.keys()].some((path) => !this.#stalled.has(path))) return;
    clearInterval(this.#timer);
    void endStuckProcesses(this.#root);
  }

  #writeDown(path) {
    const name = relative(this.#root, path);
    this.#stalled.add(path);
    console.error(`\n${name} has been running for ${this.#limitMs / 60_000} minutes`);
    const { COUNTERSIGN_STALLED } = process.env;
    if (COUNTERSIGN_STALLED !== undefined) appendFileSync(COUNTERSIGN_STALLED, `${name}\n`);
  }
}

async function endStuckProcesses(root) {
  const workers = testProcesses();
  console.error(processTree());
  for (const pid of workers) {
    // Node writes a report of what it waits for, if its event loop turns (--report-on-signal)
    kill(pid, 'SIGUSR2');
  }
  await sleep(REPORT_MS);
  for (const pid of workers) {
    showReport(root, pid);
    kill(pid, 'SIGKILL');
  }
}

/** Jest's, which are children of this process. */
function testProcesses() {
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  return children
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0 && commandOf(pid).includes('processChild'));
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function processTree() {
  return execFileSync('ps', ['-eo', 'pid,ppid,stat,wchan:24,etime,time,args', '--forest', '--width', '200'], {
    encoding: 'utf8',
  });
}

function showReport(root, pid) {
  const name = readdirSync(root).find((file) => file.startsWith('report.') && file.includes(`.${pid}.`));
  if (name === undefined) {
    console.error(`process ${pid} wrote no report: its event loop does not turn`);
    return;
  }
  const { javascriptStack, nativeStack, libuv } = JSON.parse(readFileSync(join(root, name), 'utf8'));
  rmSync(join(root, name));
  console.error(`process ${pid}:`, JSON.stringify({ javascriptStack, nativeStack, libuv }, null, 1));
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // gone by itself
  }
}
