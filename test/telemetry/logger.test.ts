import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Logs in a process of its own: what counts is what arrives at stderr. */
function logLine(code: string): string {
  const module = resolve('src/telemetry/index.ts');
  const script = `import { createLogger } from ${JSON.stringify(module)};
    const logger = createLogger({ level: 'info', style: 'json', program: 'test' }); ${code}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
  return stderr;
}

describe('the logger', () => {
  it('writes one JSON object a line to stderr, with program and time', () => {
    const line: unknown = JSON.parse(logLine(`logger.info('started', { port: 1 });`));
    expect(line).toMatchObject({ program: 'test', level: 'info', message: 'started', port: 1 });
    expect(line).toHaveProperty('timestamp', expect.stringMatching(/^\d{4}-\d\d-\d\dT/));
  });

  it('never writes a secret that stands in a member, nor in one of a child logger', () => {
    const text = logLine(
      `logger.child({ userPin: 'hunter2' }).warn('x', { headers: { Authorization: 'Bearer hunter2' } });`,
    );
    expect(text).toContain('[redacted]');
    expect(text).not.toContain('hunter2');
  });
});

describe('the logger, in the name of a request', () => {
  /** With `withRequestId` at hand. */
  const lines = (code: string): unknown[] => {
    const text = logLine(
      `const { withRequestId } = await import(${JSON.stringify(resolve('src/telemetry/index.ts'))}); ${code}`,
    );
    return text
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
  };

  it('writes its id into every line, also of what it began and did not wait for, and into no other', () => {
    const written = lines(`
      let go; const gate = new Promise((resolve) => { go = resolve; });
      withRequestId('one', () => { logger.info('now'); void gate.then(() => logger.child({ a: 1 }).info('later', { b: 2 })); });
      withRequestId('two', () => logger.info('other'));
      logger.info('nobody'); go(); await gate; await gate;`);
    expect(written).toMatchObject([
      { message: 'now', requestId: 'one' },
      { message: 'other', requestId: 'two' },
      { message: 'nobody' },
      { message: 'later', requestId: 'one', b: 2 },
    ]);
    expect(written[2]).not.toHaveProperty('requestId');
  });

  it('lets a line name another', () => {
    expect(lines(`withRequestId('one', () => logger.info('x', { requestId: 'mine' }));`)).toMatchObject([
      { requestId: 'mine' },
    ]);
  });

  it('tells an error with code, text and cause, its secrets redacted; a stack only of what nobody expected', () => {
    const errors = JSON.stringify(resolve('src/errors.ts'));
    const [line] = lines(`const { CountersignError } = await import(${errors});
      const error = new CountersignError('STORE_FAILED', 'it is full', { details: { pin: 'hunter2' }, cause: new TypeError('inner') });
      logger.warn('a step failed', { error });`);
    expect(line).toMatchObject({
      error: {
        code: 'STORE_FAILED',
        message: 'it is full',
        details: { pin: '[redacted]' },
        cause: { message: 'inner' },
      },
    });
    expect(line).toHaveProperty('error.cause.stack');
    expect(line).not.toHaveProperty('error.stack');
  });
});
