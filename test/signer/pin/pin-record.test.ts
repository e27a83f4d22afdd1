import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PinRecord, resetPin } from '../../../src/signer/pin/index.js';
import { processStart } from '../../../src/signer/pin/process-start.js';
import { codeOf } from '../../support/error-code.js';

const token = { label: 'release', serial: '00000001' };
let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'countersign-pins-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const record = (of = token): PinRecord => new PinRecord(stateDir, of);
const files = (): string[] => readdirSync(join(stateDir, 'pins'));
const begin = (of = token): string => codeOf(() => record(of).begin(0));

describe('the record of PIN tries', () => {
  it('is on disk before the try, and gone after a login that went well', () => {
    const pin = record();
    pin.begin(0);
    expect(files()).toEqual(['release_00000001.trying']);
    expect(statSync(join(stateDir, 'pins', files()[0] ?? '')).mode & 0o777).toBe(0o600);
    pin.accept();
    expect(files()).toEqual([]);
  });

  it('lets no process try a refused PIN again, however often the signer is restarted', () => {
    const pin = record();
    pin.begin(0);
    pin.refuse('refused');
    expect(begin()).toBe('PIN_REFUSED');
    expect(begin()).toBe('PIN_REFUSED');
    expect(begin({ label: 'other', serial: '2' })).toBe('NOTHING_THROWN');
  });

  it('tells a locked PIN from a refused one', () => {
    const pin = record();
    pin.begin(0);
    pin.refuse('locked');
    expect(begin()).toBe('PIN_LOCKED');
  });

  it('lets it be tried again when the operator says so, by label or serial', () => {
    for (const name of ['release', '00000001']) {
      const pin = record();
      pin.begin(0);
      pin.refuse('refused');
      expect(resetPin(stateDir, 'another')).toEqual([]);
      expect(resetPin(stateDir, name)).toEqual(['release (serial 00000001): refused']);
      expect(begin()).toBe('NOTHING_THROWN');
      record().accept();
    }
  });

  it('allows three tries in a row that nobody answered, and not a fourth', () => {
    expect([begin(), begin(), begin(), begin()]).toEqual([
      'NOTHING_THROWN',
      'NOTHING_THROWN',
      'NOTHING_THROWN',
      'PIN_REFUSED',
    ]);
    expect(resetPin(stateDir, 'release')).toHaveLength(1);
    expect(begin()).toBe('NOTHING_THROWN');
  });

  it('does not count a try that never reached the PIN, and forgets no earlier one for it', () => {
    begin();
    begin();
    for (let times = 0; times < 5; times += 1) {
      const pin = record();
      pin.begin(0);
      pin.withdraw();
    }
    expect([begin(), begin()]).toEqual(['NOTHING_THROWN', 'PIN_REFUSED']);
  });

  it('waits for another living process that is logging in, and not for a dead one', async () => {
    const other = spawn('sleep', ['60']);
    const { pid } = other;
    if (pid === undefined) throw new Error('sleep did not start');
    begin();
    const path = join(stateDir, 'pins', files()[0] ?? '');
    const tries = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...tries, pid, processStart: processStart(pid) }));
    expect(begin()).toBe('TOKEN_UNAVAILABLE');
    other.kill('SIGKILL');
    await once(other, 'exit');
    expect(begin()).toBe('NOTHING_THROWN');
  });

  it('takes a damaged record for a reason to stop', () => {
    begin();
    writeFileSync(join(stateDir, 'pins', files()[0] ?? ''), '{"unanswered":');
    expect(begin()).toBe('PIN_REFUSED');
  });

  it('tries nothing that it cannot write down', () => {
    writeFileSync(join(stateDir, 'pins'), 'a file in the way');
    expect(begin()).toBe('TOKEN_UNAVAILABLE');
  });

  it('makes file names of any label', () => {
    expect(begin({ label: '../../etc/x y_é', serial: '' })).toBe('NOTHING_THROWN');
    expect(files()).toEqual(['..~2f..~2fetc~2fx~20y~5f~c3a9_.trying']);
    expect(resetPin(stateDir, '../../etc/x y_é')).toHaveLength(1);
  });
});
