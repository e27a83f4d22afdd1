import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../src/cli/exit-codes.js';
import { cli, type CliRun, type CliWorld } from '../support/cli.js';
import { openHttpWorld, type HttpWorld } from '../support/http-world.js';

let world: HttpWorld;
let ci: string;

beforeAll(async () => {
  world = await openHttpWorld();
  ci = await world.token();
});
afterAll(() => world.close());

async function run(args: readonly string[], more: CliWorld = {}): Promise<CliRun> {
  return await cli(args, { url: world.url, bearer: ci, now: world.clock.now(), ...more });
}

async function ask(name: string): Promise<string> {
  const args = ['waves', 'init', name, '42', 'production', '--factory', 'acme', '--reason', 'because'];
  const { status, stdout, stderr } = await run(args);
  if (status !== EXIT.done) throw new Error(stderr);
  return stdout.trim();
}

describe('requests by the command line', () => {
  it('without a sign-in says what to do', async () => {
    const { status, stdout, stderr } = await cli(['requests'], { url: world.url });
    expect([status, stdout]).toEqual([EXIT.refused, '']);
    expect(stderr).toContain('UNAUTHENTICATED');
  });

  it('are asked, listed, shown, watched and taken back', async () => {
    const id = await ask('w42');
    expect((await run(['requests'])).stdout).toContain(id);
    expect(JSON.parse((await run(['requests', '--json'])).stdout)).toMatchObject([{ id, state: 'open' }]);
    expect((await run(['show', id])).stdout).toContain('Approvals  0 of 2');
    expect((await run(['statement', id])).stdout).toContain('"_type":"countersign/statement"');

    const watched = await run(['requests', '--watch', '--interval', '1', '--json'], { until: id });
    expect(JSON.parse(watched.stdout)).toMatchObject({ id, progress: 'waiting-for-approvals' });

    expect((await run(['signed', id])).status).toBe(EXIT.refused);
    expect((await run(['cancel', id, '--reason', 'typo', '--json'])).status).toBe(EXIT.done);
    expect(JSON.parse((await run(['show', id, '--json'])).stdout)).toMatchObject({
      state: 'closed',
      closedBecause: 'cancelled',
    });
    const table = await run(['requests', '--state', 'open']);
    expect([table.stdout, table.stderr.trim()]).toEqual(['', 'no requests']);
  });

  it('are not stored by a dry run, which shows what would be signed', async () => {
    const args = ['waves', 'init', 'dry', '42', 'production', '--factory', 'acme', '--reason', 'x', '--dry-run'];
    const { status, stdout } = await run(args);
    expect(status).toBe(EXIT.done);
    expect(stdout).toContain('version 40 -> 42');
    expect((await run(['requests', '--state', 'open'])).stdout).toBe('');
  });

  it('are never found under an id that nobody asked for', async () => {
    const { status, stderr } = await run(['show', `req_${'0'.repeat(26)}`]);
    expect(status).toBe(EXIT.refused);
    expect(stderr).toContain('REQUEST_NOT_FOUND');
  });

  it('that hold text of others show it harmlessly', async () => {
    const args = ['waves', 'init', 'odd', '42', 'production', '--factory', 'acme', '--reason', 'ü 中 "quoted" \\ back'];
    const id = (await run(args)).stdout.trim();
    expect((await run(['show', id])).stdout).toContain('Reason     ü 中 "quoted" \\ back');
    await run(['cancel', id]);
    const escape = await run([...args.slice(0, 2), 'esc', ...args.slice(3, -1), 'red \u001b[31m']);
    expect(escape.status).toBe(EXIT.refused);
    expect(escape.stderr).not.toContain('\u001b');
  });
});
