/** Looks from another thread whether the inputs go on, and ends the process that is stuck with one, after keeping it. */
import { mkdtempSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { workerData } from 'node:worker_threads';

const { name, count, length, bytes, limitMs } = workerData;
const LOOKS = 10;
let last = -1;
let still = 0;

setInterval(() => {
  const now = Atomics.load(count, 0);
  const size = Atomics.load(length, 0);
  still = now === last && size >= 0 ? still + 1 : 0;
  last = now;
  if (still < LOOKS) return;
  const file = join(mkdtempSync(join(tmpdir(), 'countersign-hang-')), name.replaceAll('/', '-'));
  writeFileSync(file, bytes.slice(0, size));
  // the main thread, which writes for workers, is the one that hangs
  writeSync(2, `\n${name} hangs: no end after ${limitMs / 1000} s. The input is in ${file}\n`);
  process.kill(process.pid, 'SIGKILL');
}, limitMs / LOOKS);
