import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/cli/exit-codes.js';
import { cli } from '../support/cli.js';
import { createFixture } from '../support/factory-fixture.js';

const fixture = createFixture();
const { now } = fixture;
let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
});
afterAll(() => rmSync(home, { recursive: true }));

function file(name: string, lines: readonly string[]): string {
  const path = join(home, name);
  writeFileSync(path, lines.join(''));
  return path;
}

async function trust(): Promise<string> {
  const trusting = mkdtempSync(join(home, 'trusting-'));
  const root = fixture.pins.firstRootSha256['acme'] ?? '';
  const { status } = await cli(['trust', fixture.pins.policySha256, '--root', `acme=${root}`], { home: trusting });
  expect(status).toBe(EXIT.done);
  return trusting;
}

describe('countersign verify', () => {
  it('says who approved what and that it holds', async () => {
    const dossier = file('good', fixture.dossier());
    const { status, stdout } = await cli(['verify', dossier], { home: await trust(), now });
    expect(status).toBe(EXIT.done);
    for (const word of ['alice', 'bob', 'w42', 'production']) expect(stdout).toContain(word);
  });

  it('reads a dossier from standard input', async () => {
    const { status } = await cli(['verify', '-'], { home: await trust(), now, stdin: fixture.dossier().join('') });
    expect(status).toBe(EXIT.done);
  });

  it('does not hold with one approval of two', async () => {
    const dossier = file('one', fixture.dossier({ approvals: ['alice'] }));
    const { status, stderr } = await cli(['verify', dossier, '--json'], { home: await trust(), now });
    expect(status).toBe(EXIT.refused);
    expect(stderr).toContain('QUORUM_NOT_MET');
  });

  it('does not hold when one character was changed', async () => {
    const lines = fixture.dossier().map((line) => line.replaceAll('intel-corei7-64-lmp-42', 'intel-corei7-64-lmp-43'));
    const { status } = await cli(['verify', file('changed', lines)], { home: await trust(), now });
    expect(status).toBe(EXIT.refused);
  });

  it('without trust shows what would have to be trusted, and stops', async () => {
    const { status, stdout, stderr } = await cli(['verify', file('good2', fixture.dossier())], { home, now });
    expect(status).toBe(EXIT.notTrusted);
    expect(stdout).toBe('');
    expect(stderr).toContain(`countersign trust ${fixture.pins.policySha256} --root acme=`);
  });
});

describe.each(['verify', 'dossier import'])('countersign %s', (command) => {
  it.each([
    ['there is no file', 'missing', 'USAGE', EXIT.usage],
    ['the path is that of a folder', '', 'USAGE', EXIT.usage],
    ['the file is something else', 'other', 'DOSSIER_INVALID', EXIT.refused],
  ])('says so when %s, whether anything is trusted yet or not', async (_, name, code, expected) => {
    file('other', ['no dossier\n']);
    for (const reader of [home, await trust()]) {
      const { status, stderr } = await cli([...command.split(' '), join(home, name), '--json'], { home: reader, now });
      expect(status).toBe(expected);
      expect(JSON.parse(stderr)).toMatchObject({ error: { code } });
    }
  });
});

describe('countersign trust', () => {
  it('never replaces other trust without being told to', async () => {
    const trusting = await trust();
    const other = ['trust', 'a'.repeat(64), '--root', `acme=${'b'.repeat(64)}`];
    expect((await cli(other, { home: trusting })).status).toBe(EXIT.usage);
    const path = join(trusting, '.config', 'countersign', 'trust.json');
    expect(readFileSync(path, 'utf8')).toContain(fixture.pins.policySha256);
    expect((await cli([...other, '--replace'], { home: trusting })).status).toBe(EXIT.done);
    expect(readFileSync(path, 'utf8')).toContain('a'.repeat(64));
  });

  it('takes a bare root digest for the only Factory of the client configuration', async () => {
    const config = join(home, 'one-factory', 'client.yaml');
    mkdirSync(join(home, 'one-factory'));
    writeFileSync(config, 'factories: {acme: {tokenFile: ./t}}\n');
    const args = ['trust', 'a'.repeat(64), '--root', 'b'.repeat(64), '--config', config, '--json'];
    const { stdout } = await cli(args, { home });
    expect(JSON.parse(stdout)).toMatchObject({ firstRootSha256: { acme: 'b'.repeat(64) } });
    expect((await cli(['trust', 'a'.repeat(64), '--root', 'b'.repeat(64)], { home })).status).toBe(EXIT.usage);
  });
});
