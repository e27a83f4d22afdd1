import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKey, initToken, listKeys } from '../../../src/signer/keys/index.js';
import { keyidOf } from '../../../src/tuf/index.js';
import { makeSoftHsm, type SoftHsm } from '../../support/softhsm.js';

let hsm: SoftHsm;
let token: ReturnType<SoftHsm['makeToken']>;
beforeAll(() => {
  hsm = makeSoftHsm();
  token = hsm.makeToken('release');
});
afterAll(() => hsm.remove());

const wanted = { factory: 'acme', role: 'targets', type: 'ed25519' } as const;

describe('generating a key', () => {
  it('makes one that cannot leave the token, labelled and listed', async () => {
    const key = await generateKey(token, wanted, hsm.options);
    expect(key).toMatchObject({
      keyid: keyidOf(key.key),
      keytype: 'ED25519',
      role: 'targets',
      factory: 'acme',
      token: { label: 'release', serial: token.serial },
      ckaLabel: 'countersign:acme:targets:1',
      attributes: { sensitive: true, extractable: false, alwaysSensitive: true, neverExtractable: true, local: true },
      maxMessageBytes: null,
    });
    expect(key.ckaId).toMatch(/^[0-9a-f]{4}$/);
    expect(await listKeys(token, hsm.options)).toEqual([key]);
  });

  it('makes one standby key: another only once that is in use, or by force', async () => {
    const [first] = await listKeys(token, hsm.options);
    await expect(generateKey(token, wanted, hsm.options)).rejects.toMatchObject({ code: 'KEY_EXISTS' });
    const second = await generateKey(token, { ...wanted, consumed: [first?.keyid ?? ''] }, hsm.options);
    expect(second.ckaLabel).toBe('countersign:acme:targets:2');
    const third = await generateKey(token, { ...wanted, force: true }, hsm.options);
    expect(third.ckaLabel).toBe('countersign:acme:targets:3');
    expect(new Set([first?.ckaId, second.ckaId, third.ckaId]).size).toBe(3);
  });

  it('counts another role and another Factory for themselves', async () => {
    const root = await generateKey(token, { ...wanted, role: 'root' }, hsm.options);
    const other = await generateKey(token, { ...wanted, factory: 'umbrella' }, hsm.options);
    expect([root.ckaLabel, other.ckaLabel]).toEqual(['countersign:acme:root:1', 'countersign:umbrella:targets:1']);
  });

  it('says what is wrong with the token or the module', async () => {
    const attempt = async (change: object): Promise<unknown> =>
      generateKey({ ...token, ...change }, { ...wanted, force: true }, hsm.options);
    await expect(attempt({ label: 'another' })).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
    await expect(attempt({ module: '/nonexistent.so' })).rejects.toMatchObject({ code: 'MODULE_NOT_LOADED' });
    await expect(attempt({ libraryParameters: 'SoftHSM takes none' })).rejects.toMatchObject({ code: 'TOKEN_FAILED' });
    await expect(attempt({ pinFile: '/dev/null' })).rejects.toMatchObject({ code: 'PIN_FILE_INVALID' });
  });
});

describe('initialising a token', () => {
  it('never touches one that holds something', async () => {
    const before = readFileSync(token.pinFile, 'utf8');
    const again = {
      label: 'release',
      module: token.module,
      moduleEnvironment: token.moduleEnvironment,
      soPinFile: token.pinFile,
      userPinFile: token.pinFile,
    };
    await expect(initToken(again, hsm.options)).rejects.toMatchObject({ code: 'TOKEN_AMBIGUOUS' });
    await expect(initToken({ ...again, label: 'x'.repeat(33) }, hsm.options)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(await listKeys(token, hsm.options)).not.toEqual([]);
    expect(existsSync(token.pinFile) && readFileSync(token.pinFile, 'utf8')).toBe(before);
  });
});
