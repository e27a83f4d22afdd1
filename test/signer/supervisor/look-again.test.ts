import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resetPin } from '../../../src/signer/pin/index.js';
import { openTokenPool } from '../../../src/signer/token-pool.js';
import { makeSoftHsm, type SoftHsm } from '../../support/softhsm.js';

let hsm: SoftHsm;
let other: ReturnType<SoftHsm['makeToken']>;
beforeAll(() => {
  hsm = makeSoftHsm();
  other = hsm.makeToken('other');
});
afterAll(() => hsm.remove());

describe('a token that is looked for again', () => {
  it('is there once it was attached', async () => {
    const pinFile = join(hsm.dir, 'late.pin');
    const config = { ...other, label: 'late', serial: undefined, pinFile, workers: 1 };
    const pool = await openTokenPool(config, hsm.options);
    try {
      expect(pool.status()).toMatchObject({ state: 'unavailable', error: { code: 'TOKEN_NOT_FOUND' } });
      await pool.lookAgain();
      expect(pool.status().state).toBe('unavailable');
      copyFileSync(hsm.makeToken('late').pinFile, pinFile);
      await pool.lookAgain();
      expect(pool.status()).toMatchObject({ state: 'ready', error: null });
    } finally {
      await pool.close();
    }
  }, 60_000);

  it('gets its PIN again only when the operator said so', async () => {
    const token = { ...hsm.makeToken('refused'), workers: 1 };
    const pin = readFileSync(token.pinFile);
    writeFileSync(token.pinFile, 'not the PIN');
    const pool = await openTokenPool(token, hsm.options);
    try {
      expect(pool.status()).toMatchObject({ state: 'stopped', error: { code: 'PIN_REFUSED' } });
      writeFileSync(token.pinFile, pin);
      await pool.lookAgain();
      expect(pool.status()).toMatchObject({ state: 'stopped', error: { code: 'PIN_REFUSED' } });
      resetPin(hsm.stateDir, 'refused');
      await pool.lookAgain();
      expect(pool.status()).toMatchObject({ state: 'ready', error: null });
    } finally {
      await pool.close();
    }
  }, 60_000);
});
