import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Logs in a process of its own: what counts is what arrives at stderr. */
function logLine(code: string): string {
  const module = resolve('dist/telemetry/index.js');
  const script = `import { createLogger } from ${JSON.stringify(module)};
    const logger = createLogger({ level: 'info', style: 'json', program: 'test' }); ${code}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
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
