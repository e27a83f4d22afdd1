import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../../src/telemetry/index.js';

const OPTIONS = { level: 'info', style: 'json', program: 'test' } as const;
const linesOf = (text: string): { message: string; lines?: number }[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { message: string; lines?: number });

/** A log file on a disk that may be full: refuses lines while `trouble` is set. */
function disk(): { out: Writable; trouble: string | null; text: string } {
  const file = {
    trouble: null as string | null,
    text: '',
    out: new Writable({
      autoDestroy: false,
      write(chunk: Buffer, _encoding, done) {
        if (file.trouble === null) file.text += chunk.toString();
        done(file.trouble === null ? null : Object.assign(new Error(file.trouble), { code: file.trouble }));
      },
    }),
  };
  return file;
}

describe('a log', () => {
  it.each(['ENOSPC', 'EPIPE', 'EFBIG', 'EIO'])(
    'that cannot be written (%s) throws nothing and ends nothing',
    (code) => {
      const file = disk();
      file.trouble = code;
      const logger = createLogger(OPTIONS, file.out);
      for (let line = 0; line < 50; line += 1) logger.info('nobody hears this');
      expect(file.text).toBe('');
    },
  );

  it('whose reader stands still takes a bounded part of the memory, and says later how many lines are missing', async () => {
    const pipe = new PassThrough({ highWaterMark: 1024 });
    const logger = createLogger(OPTIONS, pipe);
    const payload = 'x'.repeat(100_000);
    for (let line = 0; line < 200; line += 1) logger.info('work', { payload });
    expect(pipe.writableLength).toBeLessThan(6 * 1024 * 1024);

    const read: Buffer[] = [];
    const said = new Promise<void>((resolve) => {
      pipe.on('data', (chunk: Buffer) => {
        read.push(chunk);
        if (chunk.includes('were lost')) resolve();
      });
    });
    await said;
    const lines = linesOf(Buffer.concat(read).toString());
    const kept = lines.filter(({ message }) => message === 'work').length;
    const lost = lines.reduce((sum, line) => sum + (line.lines ?? 0), 0);
    expect(kept).toBeGreaterThan(10);
    expect(kept + lost).toBe(200);
  });
});
