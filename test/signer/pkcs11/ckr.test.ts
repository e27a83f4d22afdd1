import { describe, expect, it } from '@jest/globals';
import { CountersignError } from '../../../src/errors.js';
import { call } from '../../../src/signer/pkcs11/call.js';
import { actionAfter, CKR_ACTIONS, CKR_TABLE, ckrError } from '../../../src/signer/pkcs11/ckr.js';

describe('the table of PKCS#11 results', () => {
  it('names every entry once and gives it an action', () => {
    const names = [...CKR_TABLE.values()].map(({ name }) => name);
    expect(new Set(names).size).toBe(CKR_TABLE.size);
    for (const { name, action } of CKR_TABLE.values()) {
      expect(name).toMatch(/^CKR_[A-Z_]+$/);
      expect(CKR_ACTIONS).toContain(action);
    }
  });

  it.each([...CKR_TABLE])('gives the error for %i its code, and finds its action again', (code, entry) => {
    const error = ckrError('C_Sign', code);
    expect(error.code).toBe(entry.errorCode);
    expect(error.details).toMatchObject({ call: 'C_Sign', ckr: entry.name });
    expect(actionAfter(error)).toBe(entry.action);
  });

  it('tries no PIN again after any answer that speaks of the PIN', () => {
    for (const { name, action } of CKR_TABLE.values()) {
      if (!/_PIN_/.test(name) || name === 'CKR_PIN_TOO_WEAK') continue;
      expect([name, action]).toEqual([name, name === 'CKR_PIN_LOCKED' ? 'stop-locked' : 'stop-pin']);
    }
  });

  it('takes what it does not know, like a vendor’s code, for a reason to start afresh', () => {
    const error = ckrError('C_Sign', 0x80000001);
    expect(error.code).toBe('TOKEN_FAILED');
    expect(actionAfter(error)).toBe('fresh-process');
  });

  it('lets no worker go on after a wrong signature or an error that is none of ours', () => {
    expect(actionAfter(new CountersignError('SIGNATURE_WRONG', ''))).toBe('fresh-process');
    expect(actionAfter(new TypeError('x'))).toBe('fresh-process');
  });

  it('keeps a worker whose job alone was wrong', () => {
    expect(actionAfter(new CountersignError('KEY_NOT_FOUND', ''))).toBe('fatal');
    expect(actionAfter(new CountersignError('TOKEN_MESSAGE_LIMIT', ''))).toBe('fatal');
  });
});

describe('a PKCS#11 call', () => {
  const codeAfter = (thrown: unknown): unknown => {
    try {
      call('C_X', () => {
        throw thrown;
      });
    } catch (error) {
      return error instanceof CountersignError ? error.code : error;
    }
    return null;
  };

  it('reads the result from the error’s code, or from its message where the native layer leaves it there', () => {
    expect(codeAfter(Object.assign(new Error('CKR_PIN_LOCKED'), { code: 0xa4 }))).toBe('PIN_LOCKED');
    expect(codeAfter(new Error('CKR_DEVICE_REMOVED:50'))).toBe('TOKEN_UNAVAILABLE');
  });

  it('leaves other errors as they are', () => {
    const error = new TypeError('Argument 2 has wrong type');
    expect(codeAfter(error)).toBe(error);
    expect(codeAfter(new CountersignError('KEY_AMBIGUOUS', ''))).toBe('KEY_AMBIGUOUS');
  });
});
