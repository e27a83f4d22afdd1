/**
 * `countersign` as src/main.ts puts it together, with one thing more: when `serve` or `signer run` comes to the step that `kill.json` in
 * its home folder names, it ends by SIGKILL, or its workers do. The plan is moved away right before: that it is gone shows that the step
 * was reached.
 */
/* global AbortController */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { URL } from 'node:url';

const home = process.env.HOME;
const PLAN = join(home, 'kill.json');
const STRUCK = join(home, 'kill.struck.json');
/** Tries follow each other quickly here: what is waited for is a program that starts again. */
const LIMITS = { intervalMs: 200, retryFirstMs: 200, retryMaxMs: 1000 };

const { runCommandLine } = await import(new URL('../../dist/cli/index.js', import.meta.url).href);

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interruption.abort());

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: () => new Date(),
  settings: { home, configPath: process.env.COUNTERSIGN_CONFIG, environment: process.env },
  interrupted: interruption.signal,
  hooks: {
    service: { onStep: (step) => strike('service', step), limits: LIMITS },
    signer: { onStep: (step) => strike('signer', step) },
  },
});

function strike(program, step) {
  const plan = readPlan();
  if (plan === null || plan.program !== program || plan.step !== step) return;
  if (plan.skip > 0) {
    writeFileSync(`${PLAN}.new`, JSON.stringify({ ...plan, skip: plan.skip - 1 }));
    return renameSync(`${PLAN}.new`, PLAN); // the other program may be reading it
  }
  renameSync(PLAN, STRUCK);
  const victims = plan.victim === 'workers' ? children() : [process.pid];
  for (const pid of victims) process.kill(pid, 'SIGKILL');
}

function readPlan() {
  try {
    return JSON.parse(readFileSync(PLAN, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

function children() {
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  return pids.map(Number).filter((pid) => parentOf(pid) === process.pid);
}

/** Field 4 of proc(5)'s stat, counted from the end of the name, which may hold anything; null if it is gone meanwhile. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}
