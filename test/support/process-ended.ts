import { setTimeout as pause } from 'node:timers/promises';
import { processStart } from '../../src/signer/pin/process-start.js';

/** Resolves when no process of that pid runs any more; looks for half a minute. */
export async function processEnded(pid: number): Promise<void> {
  for (let looks = 0; looks < 1500; looks += 1) {
    if (processStart(pid) === null) return;
    await pause(20);
  }
  throw new Error(`process ${pid} still runs`);
}
