import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/cli/exit-codes.js';
import { cli } from '../support/cli.js';

describe('the command line', () => {
  it('prints help to stdout and is done', async () => {
    const { status, stdout } = await cli(['--help']);
    expect(status).toBe(EXIT.done);
    expect(stdout).toContain('Usage: countersign');
  });

  it('knows every command that it lists, and their other names, when only what the first word names is loaded', async () => {
    const { stdout } = await cli(['--help']);
    const listed = [...stdout.matchAll(/^ {2}(\w+)(?:\|(\w+))? /gm)].flatMap(([, name = '', alias]) =>
      alias === undefined ? [name] : [name, alias],
    );
    expect(listed).toEqual(expect.arrayContaining(['waves', 'wave', 'requests', 'logout', 'sandbox']));
    for (const word of listed.filter((name) => name !== 'help')) {
      const help = await cli([word, '--help']);
      expect(help.stdout).toMatch(new RegExp(`^Usage: countersign \\S*\\b${word}\\b`));
    }
  });

  it.each([
    ['an unknown command', ['frobnicate']],
    ['an unknown subcommand', ['waves', 'frobnicate']],
    ['a group without a subcommand', ['waves']],
    ['an unknown option', ['requests', '--frobnicate']],
    ['a version that is no number', ['waves', 'init', 'w1', 'latest', 'production']],
    ['no address of the service', ['requests']],
    ['both ways to say when it expires', ['waves', 'init', 'w1', '42', 'production', '--factory', 'acme', '--reason', 'x', '--url', 'http://127.0.0.1:9', '--expires-days', '3', '--expires-at', '2027-01-01T00:00:00Z']], // prettier-ignore
    ['no reason where nobody can be asked', ['waves', 'init', 'w1', '42', 'production', '--factory', 'acme', '--url', 'http://127.0.0.1:9']], // prettier-ignore
  ])('ends with the status of a usage mistake for %s, data-free', async (_, args) => {
    const { status, stdout, stderr } = await cli(args);
    expect(status).toBe(EXIT.usage);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
  });

  describe.each([
    ['no Factory', []],
    ['two Factories', ['acme', 'other']],
  ])('with %s in the client configuration', (_, factories) => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'countersign-program-'));
      const named = factories.map((name) => `${name}: {tokenFile: ./token}`).join(', ');
      writeFileSync(join(folder, 'client.yaml'), `service: http://127.0.0.1:9\nfactories: {${named}}\n`);
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it.each([
      ['root show'],
      ['root status'],
      ['root rotate-key --role root --reason x'],
      ['waves init w1 42 production --reason x'],
      ['request-key create --for alice --out keys.tgz'],
      ['request-key list'],
      ['contribute --first-time --reason x'],
    ])('asks which Factory is meant by `%s`', async (line) => {
      const { status, stderr } = await cli([...line.split(' '), '--json'], { config: join(folder, 'client.yaml') });
      expect(status).toBe(EXIT.usage);
      expect(JSON.parse(stderr)).toMatchObject({
        error: { code: 'USAGE', hint: expect.stringContaining('--factory') },
      });
    });
  });

  it('says that the service cannot be reached with a status of its own', async () => {
    const { status, stderr } = await cli(['requests', '--url', 'http://127.0.0.1:9', '--json']);
    expect(status).toBe(EXIT.unavailable);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'SERVICE_UNAVAILABLE' } });
  });
});
