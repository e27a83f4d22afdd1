import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/cli/exit-codes.js';
import { cli } from '../support/cli.js';
import { createFixture } from '../support/factory-fixture.js';

const fixture = createFixture();
const { now } = fixture;
let folder: string;
let roots: string[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-tuf-'));
  roots = fixture.rootTexts.production.map((text, index) => file(`${index + 1}.root.json`, text));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('countersign tuf verify', () => {
  it('verifies a chain and targets under its last root', async () => {
    const targets = file('targets.json', fixture.publish(fixture.wave().document));
    const { status, stdout } = await cli(['tuf', 'verify', ...roots, '--targets', targets, '--json'], { now });
    expect(status).toBe(EXIT.done);
    expect(JSON.parse(stdout)).toMatchObject({
      roots: [{ version: 1 }, { version: 2 }, { version: 3 }],
      targets: { version: 42 },
    });
  });

  it('refuses a chain that skips a root, and one that stands still', async () => {
    const [first = '', second = '', third = ''] = roots;
    expect((await cli(['tuf', 'verify', first, third], { now })).status).toBe(EXIT.refused);
    const { status, stderr } = await cli(['tuf', 'verify', first, second, second], { now });
    expect(status).toBe(EXIT.refused);
    expect(stderr).toContain('VERSION_ROLLBACK');
  });

  it('judges expiry at --at', async () => {
    const late = ['tuf', 'verify', ...roots, '--at', '2099-01-01T00:00:00Z'];
    expect((await cli(late, { now })).stderr).toContain('METADATA_EXPIRED');
    expect((await cli(['tuf', 'verify', ...roots, '--at', 'tomorrow'], { now })).status).toBe(EXIT.usage);
  });

  it('refuses targets with the online signature only', async () => {
    const published: unknown = JSON.parse(fixture.publish(fixture.wave().document));
    const { signatures, signed } = published as { signatures: unknown[]; signed: unknown };
    const targets = file('half.json', JSON.stringify({ signatures: signatures.slice(1), signed }));
    expect((await cli(['tuf', 'verify', ...roots, '--targets', targets], { now })).stderr).toContain(
      'THRESHOLD_NOT_MET',
    );
  });
});

describe('countersign tuf canonical', () => {
  it('prints the bytes whose digest stands in statements and pins', async () => {
    const { stdout } = await cli(['tuf', 'canonical', roots[0] ?? '']);
    expect(createHash('sha256').update(stdout).digest('hex')).toBe(fixture.pins.firstRootSha256['acme']);
  });

  it('gives the same bytes for any layout of the file', async () => {
    const pretty = file('pretty.json', JSON.stringify(JSON.parse(fixture.rootTexts.ci[2] ?? ''), null, 3));
    const [a, b] = [
      await cli(['tuf', 'canonical', pretty]),
      await cli(['tuf', 'canonical', file('c', fixture.rootTexts.ci[2] ?? '')]),
    ];
    expect(a.stdout).toBe(b.stdout);
  });

  it('refuses what verifiers would disagree on, and says where', async () => {
    const bad = file('bad.json', '{"signatures":[],"signed":{"a":{"b<":1.5}}}');
    const { status, stdout, stderr } = await cli(['tuf', 'canonical', bad]);
    expect([status, stdout]).toEqual([EXIT.refused, '']);
    expect(stderr).toContain('CANONICAL_UNSAFE at /signed/a');
  });
});
