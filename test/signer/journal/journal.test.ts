import { appendFileSync, copyFileSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isCountersignError } from '../../../src/errors.js';
import type { AppendHandle } from '../../../src/signer/journal/append-file.js';
import type { JournalBody } from '../../../src/signer/journal/entry.js';
import { Journal } from '../../../src/signer/journal/journal.js';
import { verifyJournal } from '../../../src/signer/journal/verify-journal.js';
import { sha256Hex } from '../../../src/tuf/index.js';
import { rejectionOf } from '../../support/reject-code.js';
import { signerBench, type SignerBench } from '../../support/signer-bench.js';

let bench: SignerBench;
beforeEach(async () => {
  bench = await signerBench();
});
afterEach(async () => bench.remove());

const published = (version: number): JournalBody => ({
  type: 'published',
  factory: 'acme',
  repository: 'production',
  role: 'targets',
  tag: 'production',
  version,
  sha256: sha256Hex(String(version)),
  source: 'report',
});

const fileText = (): string => readFileSync(bench.journalPath, 'utf8');
const open = (): Promise<Journal> => Journal.open({ stateDir: bench.stateDir, logger: bench.logger });

/** The line that JOURNAL_DAMAGED names; the error's code for any other, `'fine'` if there is none. */
async function damagedLine(): Promise<number | string> {
  try {
    await verifyJournal(bench.journalPath);
    return 'fine';
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    const line = error.details?.['line'];
    return error.code === 'JOURNAL_DAMAGED' && typeof line === 'number' ? line : error.code;
  }
}

describe('Journal', () => {
  it('finds again after a restart what was appended', async () => {
    await bench.journal.append(bench.now, [published(7), published(9)]);
    const head = bench.journal.state.head;
    await bench.restart();
    expect(bench.journal.state.head).toEqual(head);
    expect([...bench.journal.state.watermarks]).toMatchObject([{ published: { version: 9 } }]);
  });

  it('keeps its file from others', () => {
    expect(statSync(bench.journalPath).mode & 0o777).toBe(0o600);
    expect(statSync(bench.stateDir).mode & 0o777).toBe(0o700);
  });

  it('chains each line to the one before, beginning with 64 zeros', () => {
    const lines = fileText().trimEnd().split('\n');
    const entries = lines.map((line): unknown => JSON.parse(line));
    expect(entries).toMatchObject([
      { type: 'init', seq: 1, prev: '0'.repeat(64) },
      { type: 'policy', seq: 2 },
      { type: 'key', seq: 3 },
    ]);
    lines.slice(1).forEach((line, index) => {
      const hash = /"hash":"([0-9a-f]{64})"/.exec(lines[index] ?? '')?.[1];
      expect(line).toContain(`"prev":"${hash ?? 'none'}"`);
    });
  });

  it('never dates an entry before the one before it', async () => {
    const later = new Date(bench.now.getTime() + 60_000);
    await bench.journal.append(later, [published(1)]);
    await bench.journal.append(bench.now, [published(2)]);
    expect(bench.journal.state.head.at).toBe('2026-11-22T16:01:00Z');
    await expect(verifyJournal(bench.journalPath)).resolves.toMatchObject({ entries: 5 });
  });

  it('writes appends that come at once one after the other', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => bench.journal.append(bench.now, [published(index + 1)])),
    );
    await expect(verifyJournal(bench.journalPath)).resolves.toMatchObject({ entries: 23, tornBytes: 0 });
  });
});

describe('Journal.open', () => {
  it('refuses a directory on which a signer runs, and takes it when that one is gone', async () => {
    await expect(rejectionOf(open())).resolves.toMatch(/^SIGNER_BUSY/);
    await bench.stop();
    await (await open()).close();
  });

  it('refuses a directory without a journal', async () => {
    await bench.stop();
    renameSync(bench.journalPath, `${bench.journalPath}.away`);
    await expect(rejectionOf(open())).resolves.toMatch(/^SIGNER_NOT_INITIALISED/);
    renameSync(`${bench.journalPath}.away`, bench.journalPath);
    await bench.restart(); // so the failed one let the directory go
  });

  it('cuts off a torn last line, at whatever byte it was torn, and says so', async () => {
    await bench.journal.append(bench.now, [published(1)]);
    const before = fileText().length;
    await bench.journal.append(bench.now, [published(2)]);
    await bench.stop();
    const whole = readFileSync(bench.journalPath);
    for (let length = before + 1; length < whole.length; length++) {
      writeFileSync(bench.journalPath, whole.subarray(0, length));
      await expect(verifyJournal(bench.journalPath)).resolves.toMatchObject({ entries: 4, tornBytes: length - before });
      if (length % 40 !== 0) continue; // opening locks, which takes a while
      const said = bench.logger.lines.length;
      const journal = await open();
      expect(journal.state.head.seq).toBe(4);
      expect(bench.logger.lines[said]).toContain(`"tornBytes":${length - before}`);
      expect(statSync(bench.journalPath).size).toBe(before);
      await journal.append(bench.now, [published(3)]);
      await journal.close();
      expect((await verifyJournal(bench.journalPath)).entries).toBe(5);
    }
  });

  it('refuses a file that is torn within its first lines, which came into being whole', async () => {
    await bench.stop();
    const whole = readFileSync(bench.journalPath);
    const firstLine = whole.indexOf(0x0a) + 1;
    const secondLine = whole.indexOf(0x0a, firstLine) + 1;
    for (const length of [0, 1, firstLine - 1, firstLine, firstLine + 1, secondLine - 1]) {
      writeFileSync(bench.journalPath, whole.subarray(0, length));
      await expect(rejectionOf(open())).resolves.toMatch(/^JOURNAL_DAMAGED/);
      expect(statSync(bench.journalPath).size).toBe(length);
    }
  });
});

describe('verifyJournal', () => {
  it('tells entries, head and time', async () => {
    const { seq, hash, at } = bench.journal.state.head;
    await expect(verifyJournal(bench.journalPath)).resolves.toEqual({
      path: bench.journalPath,
      entries: seq,
      headHash: hash,
      lastAt: at,
      service: bench.fixture.pins.policySha256,
      tornBytes: 0,
    });
  });

  it('names the line of whatever single byte was altered; only the very last newline makes a torn line instead', async () => {
    await bench.journal.append(bench.now, [published(1)]);
    await bench.stop();
    const whole = readFileSync(bench.journalPath);
    let line = 1;
    for (let position = 0; position < whole.length; position++) {
      const altered = Buffer.from(whole);
      altered[position] = (altered[position] ?? 0) ^ (1 << (position % 8));
      writeFileSync(bench.journalPath, altered);
      if (position < whole.length - 1) expect([position, await damagedLine()]).toEqual([position, line]);
      if (whole[position] === 0x0a) line++;
    }
    await expect(verifyJournal(bench.journalPath)).resolves.toMatchObject({ entries: 3 });
    expect((await verifyJournal(bench.journalPath)).tornBytes).toBeGreaterThan(0);
  });

  it('names the line at which one is missing, doubled or exchanged', async () => {
    await bench.journal.append(bench.now, [published(1), published(2), published(3)]);
    await bench.stop();
    const lines = fileText().trimEnd().split('\n');
    const write = (order: readonly number[]): void =>
      writeFileSync(bench.journalPath, order.map((index) => `${lines[index] ?? ''}\n`).join(''));
    for (const [order, line] of [
      [[0, 1, 2, 4, 5], 4],
      [[0, 1, 2, 3, 3, 4, 5], 5],
      [[0, 1, 2, 4, 3, 5], 4],
      [[1, 2, 3, 4, 5], 1],
      [[0, 2, 3, 4, 5], 2],
    ] as const) {
      write(order);
      await expect(damagedLine()).resolves.toBe(line);
    }
  });

  it('refuses a line that was hashed anew but does not fit the chain', async () => {
    await bench.journal.append(bench.now, [published(1), published(2)]);
    await bench.stop();
    const forged = fileText().split('\n');
    forged[3] = rehash(forged[3]?.replace('"version":1', '"version":5') ?? '');
    writeFileSync(bench.journalPath, forged.join('\n'));
    await expect(damagedLine()).resolves.toBe(5);
  });
});

describe('Journal.append on a failing disk', () => {
  type Trouble = (handle: FileHandle) => Partial<AppendHandle>;
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  const cases: [string, Trouble][] = [
    ['is full', () => ({ write: () => Promise.reject(full) })],
    [
      'is full half way',
      (handle) => {
        let calls = 0;
        const write = async (bytes: Buffer, offset: number): Promise<{ bytesWritten: number; buffer: Buffer }> => {
          if (calls++ > 0) throw full;
          return handle.write(bytes, offset, 40, null);
        };
        // the one form of write() that the journal uses
        return { write: write as unknown as AppendHandle['write'] };
      },
    ],
    ['cannot sync', () => ({ sync: () => Promise.reject(new Error('input/output error')) })],
    ['is read-only', () => ({ write: () => Promise.reject(Object.assign(new Error('read-only'), { code: 'EROFS' })) })],
  ];
  for (const [trouble, make] of cases) {
    it(`works no more once the disk ${trouble}, and is right again when it is reopened`, async () => {
      await bench.restart({ wrapFile: (handle) => wrap(handle, make(handle)) });
      await expect(rejectionOf(bench.journal.append(bench.now, [published(1)]))).resolves.toMatch(
        /^JOURNAL_WRITE_FAILED/,
      );
      expect(bench.journal.failure).toMatchObject({ code: 'JOURNAL_WRITE_FAILED' });
      expect(bench.journal.state.head.seq).toBe(3);
      await expect(rejectionOf(bench.signer.sign(bench.fixture.dossier()))).resolves.toMatch(/^JOURNAL_WRITE_FAILED/);
      expect(bench.token.signed).toHaveLength(0);
      await bench.restart();
      await expect(bench.signer.sign(bench.fixture.dossier())).resolves.toMatchObject({
        signatures: [{ document: 0 }],
      });
      expect((await verifyJournal(bench.journalPath)).tornBytes).toBe(0);
    });
  }

  it('is refused when its file was moved away and another stands in its place', async () => {
    renameSync(bench.journalPath, `${bench.journalPath}.1`);
    copyFileSync(`${bench.journalPath}.1`, bench.journalPath);
    await expect(rejectionOf(bench.journal.append(bench.now, [published(1)]))).resolves.toMatch(
      /^JOURNAL_WRITE_FAILED/,
    );
  });

  it('is refused when its file was deleted', async () => {
    renameSync(bench.journalPath, `${bench.journalPath}.1`);
    await expect(rejectionOf(bench.journal.append(bench.now, [published(1)]))).resolves.toMatch(
      /^JOURNAL_WRITE_FAILED/,
    );
  });

  it('is refused when somebody else wrote to its file or cut it', async () => {
    appendFileSync(bench.journalPath, 'x');
    await expect(rejectionOf(bench.journal.append(bench.now, [published(1)]))).resolves.toMatch(
      /^JOURNAL_WRITE_FAILED/,
    );
    await bench.restart();
    truncateSync(bench.journalPath, statSync(bench.journalPath).size - 1);
    await expect(rejectionOf(bench.journal.append(bench.now, [published(1)]))).resolves.toMatch(
      /^JOURNAL_WRITE_FAILED/,
    );
  });
});

/** The handle with some of its methods replaced. */
function wrap(handle: FileHandle, replaced: Partial<AppendHandle>): AppendHandle {
  return new Proxy<AppendHandle>(handle, {
    get(target, name) {
      const member: unknown = Reflect.get(replaced, name) ?? Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** A line whose hash is right for its content. */
function rehash(line: string): string {
  const unsealed = line.replace(/"hash":"[0-9a-f]{64}",/, '');
  return line.replace(/"hash":"[0-9a-f]{64}"/, `"hash":"${sha256Hex(unsealed)}"`);
}
