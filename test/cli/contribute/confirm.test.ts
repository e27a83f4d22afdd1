import { Readable, Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { confirm, type ConfirmOptions } from '../../../src/cli/contribute/confirm.js';
import type { CliContext } from '../../../src/cli/context.js';
import { shortCode, type VerifiedRootDossier } from '../../../src/dossier/index.js';
import { rejectionOf } from '../../support/reject-code.js';
import { NEW_KEYID, outgoingUpdate } from './outgoing-update.js';

/** Without a terminal: nobody can be asked. */
const context: CliContext = {
  stdin: Readable.from([]),
  stdout: new Writable({ write: (_chunk, _encoding, done) => done() }),
  stderr: new Writable({ write: (_chunk, _encoding, done) => done() }),
  now: () => new Date(),
  settings: {
    home: '/nonexistent',
    configPath: undefined,
    url: undefined,
    bearer: undefined,
    credentialsDirectory: undefined,
    environment: {},
  },
  interrupted: new AbortController().signal,
};

const answer = (verified: VerifiedRootDossier, options: ConfirmOptions = {}): Promise<string> =>
  rejectionOf(confirm(context, verified, options));

describe('before an outgoing root key signs', () => {
  test('the officers have approved it, and nobody is asked', async () => {
    expect(await answer(await outgoingUpdate(['alice', 'bob']))).toBe('RESOLVED');
  });

  test('one approval of two is not enough: somebody has to be asked, and nobody can be', async () => {
    expect(await answer(await outgoingUpdate(['alice']))).toBe('USAGE (no pointer)');
  });

  test('its owner names the new keys, all of them and no other', async () => {
    const verified = await outgoingUpdate();
    expect(await answer(verified, { newKey: [NEW_KEYID] })).toBe('RESOLVED');
    expect(await answer(verified, { newKey: ['0123'] })).toBe('INPUT_INVALID (no pointer)');
    expect(await answer(verified, { newKey: [NEW_KEYID, '0123'] })).toBe('INPUT_INVALID (no pointer)');
  });

  test('another new key than the one that its owner names is refused even when officers approved it', async () => {
    const verified = await outgoingUpdate(['alice', 'bob']);
    expect(await answer(verified, { newKey: ['0123'] })).toBe('INPUT_INVALID (no pointer)');
  });

  test('its owner types the statement’s code, and no other', async () => {
    const verified = await outgoingUpdate();
    expect(await answer(verified, { code: shortCode(verified.statementSha256) })).toBe('RESOLVED');
    expect(await answer(verified, { code: '0000-0000' })).toBe('INPUT_INVALID (no pointer)');
  });

  test('a rejection is final, whatever else is there', async () => {
    const verified = await outgoingUpdate(['alice', 'bob']);
    const rejections = [{ person: 'carol', fingerprint: '', reason: 'no' }];
    expect(await answer({ ...verified, rejections }, { newKey: [NEW_KEYID] })).toBe('REJECTED (no pointer)');
  });
});
