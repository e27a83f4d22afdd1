/**
 * `countersign` as src/main.ts puts it together, with one thing more: when `serve` or `signer run` comes to a step that `kill.json` in
 * its home folder lists, it ends by SIGKILL, or its workers do. The step is taken off the list right before: that it is gone shows that it
 * was reached. The sandbox takes faults.
 */
/* global AbortController */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { URL } from 'node:url';

const home = process.env.HOME;
const PLAN = join(home, 'kill.json');
/** Tries follow each other quickly here: what is waited for is a program that starts again. */
const LIMITS = { intervalMs: 200, retryFirstMs: 200, retryMaxMs: 1000, cutOffAfterMs: 500 };

const { runCommandLine } = await import(new URL('../../dist/cli/index.js', import.meta.url).href);

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interruption.abort());

const args = process.argv.slice(2);
if (args[0] === 'sandbox') args.push('--faults');

process.exitCode = await runCommandLine(args, {
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
  const kill = plan.find((planned) => planned.program === program && planned.step === step);
  if (kill === undefined) return;
  if (kill.skip > 0) {
    kill.skip -= 1;
    return writePlan(plan);
  }
  writePlan(plan.filter((planned) => planned !== kill));
  const victims = kill.victim === 'workers' ? children() : [process.pid];
  for (const pid of victims) process.kill(pid, 'SIGKILL');
}

function readPlan() {
  try {
    return JSON.parse(readFileSync(PLAN, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

/** In one piece: the other program may be reading it. */
function writePlan(plan) {
  writeFileSync(`${PLAN}.new`, JSON.stringify(plan));
  renameSync(`${PLAN}.new`, PLAN);
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
