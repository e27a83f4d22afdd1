import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { listKeys } from '../../../src/signer/keys/index.js';
import { resetPin } from '../../../src/signer/pin/index.js';
import { openTokenPool } from '../../../src/signer/token-pool.js';
import type { TokenPool } from '../../../src/signer/token-types.js';
import { makeSoftHsm, type SoftHsm } from '../../support/softhsm.js';

let hsm: SoftHsm;
let token: ReturnType<SoftHsm['makeToken']>;
let rightPin: string;
beforeEach(() => {
  hsm = makeSoftHsm();
  token = hsm.makeToken('release');
  rightPin = readFileSync(token.pinFile, 'utf8');
});
afterEach(() => hsm.remove());

async function openAndClose(): Promise<ReturnType<TokenPool['status']>> {
  const pool = await openTokenPool(token, hsm.options);
  const status = pool.status();
  await pool.close();
  return status;
}

describe('a PIN that the token refused', () => {
  it('is tried by no process of any restart, not even when its file was changed, until the operator says so', async () => {
    writeFileSync(token.pinFile, '000000\n');
    expect(await openAndClose()).toMatchObject({ state: 'stopped', error: { code: 'PIN_REFUSED' } });

    // With the right PIN in the file a login would succeed: that none does shows that none is tried.
    writeFileSync(token.pinFile, rightPin);
    expect(await openAndClose()).toMatchObject({ state: 'stopped', error: { code: 'PIN_REFUSED' } });
    await expect(listKeys(token, hsm.options)).rejects.toMatchObject({ code: 'PIN_REFUSED' });

    expect(resetPin(hsm.stateDir, 'release')).toEqual([`release (serial ${token.serial}): refused`]);
    expect(await openAndClose()).toMatchObject({ state: 'ready', error: null });
    expect(resetPin(hsm.stateDir, 'release')).toEqual([]);
  });

  it('stands in no error and no log line', async () => {
    writeFileSync(token.pinFile, '98765432\n');
    const status = await openAndClose();
    expect(JSON.stringify(status)).not.toContain('98765432');
    expect(hsm.logger.lines.join('\n')).not.toContain('98765432');
  });
});

describe('a PIN file that is not right', () => {
  it('costs no login', async () => {
    writeFileSync(token.pinFile, '');
    expect(await openAndClose()).toMatchObject({ state: 'unavailable', error: { code: 'PIN_FILE_INVALID' } });
    writeFileSync(token.pinFile, rightPin);
    expect(await openAndClose()).toMatchObject({ state: 'ready' });
  });
});
