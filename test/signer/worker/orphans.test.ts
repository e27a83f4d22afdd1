import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { processStart } from '../../../src/signer/pin/process-start.js';
import { processEnded } from '../../support/process-ended.js';
import { runScript } from '../../support/run-script.js';
import { makeSoftHsm, type SoftHsm } from '../../support/softhsm.js';

let hsm: SoftHsm;
beforeAll(() => {
  hsm = makeSoftHsm();
});
afterAll(() => hsm.remove());

describe('when the signer is killed', () => {
  it('its workers log out and go', async () => {
    const token = hsm.makeToken('release');
    const signer = runScript(`
      import { openTokenPool } from './src/signer/token-pool.ts';
      const logger = { error() {}, warn() {}, info() {}, debug() {} };
      const pool = await openTokenPool(${JSON.stringify(token)}, { logger, stateDir: ${JSON.stringify(hsm.stateDir)} });
      console.log(JSON.stringify(pool.status().workers.map(({ pid }) => pid)));
      setInterval(() => undefined, 1000);
    `);
    const workers = JSON.parse(await signer.line()) as number[];
    expect(workers).toHaveLength(2);
    for (const pid of workers) expect(processStart(pid)).not.toBeNull();
    await signer.kill();
    await Promise.all(workers.map(processEnded));
  });

  it('a worker in a call that never returns goes as well', async () => {
    const hanging = `
      import { Worker } from 'node:worker_threads';
      const watch = new Worker(new URL('./dist/signer/worker/watch-parent.js', 'file://' + process.cwd() + '/'), {
        workerData: { parentPid: process.ppid, graceMs: 100 },
        execArgv: [], // not this script's own -e
      });
      watch.once('online', () => {
        console.log(process.pid);
        setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 0);
      });
    `;
    const signer = runScript(`
      import { spawn } from 'node:child_process';
      spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(hanging)}], { stdio: 'inherit' });
      setInterval(() => undefined, 1000);
    `);
    const worker = Number(await signer.line());
    expect(processStart(worker)).not.toBeNull();
    await signer.kill();
    await processEnded(worker);
  });
});
