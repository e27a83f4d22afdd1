import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/cli/exit-codes.js';
import { parsePolicy, type Policy } from '../../src/policy/index.js';
import { cli, type CliRun } from '../support/cli.js';
import { createFixture, metadataText } from '../support/factory-fixture.js';

let folder: string;
let drafts = 0;
const fixture = createFixture();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-policy-'));
  const [root] = fixture.roots.production;
  if (root !== undefined) writeFileSync(join(folder, '1.root.json'), metadataText(root));
  for (const { person, keys } of fixture.policy.policy.officers) {
    writeFileSync(join(folder, person), keys.join('\n'));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

async function draft(...more: string[]): Promise<CliRun & { kinds: Policy['kinds'] | null }> {
  const out = join(folder, `policy-${++drafts}.json`);
  const officers = ['alice', 'bob', 'carol'].flatMap((name) => ['--officer', `${name}=${join(folder, name)}`]);
  const where = ['--factory', 'acme', '--url', 'https://api.example', '--root', join(folder, '1.root.json')];
  const ran = await cli(['policy', 'draft', ...officers, ...where, '--token', 't:root,targets', '--out', out, ...more]);
  return { ...ran, kinds: ran.status === EXIT.done ? parsePolicy(readFileSync(out)).policy.kinds : null };
}

test('a policy has the same rules for all kinds unless root updates are given their own', async () => {
  const { kinds } = await draft();
  expect(kinds?.root).toEqual({ quorum: 2, maxExpiresDays: 400, singleOfficer: false });
  const own = await draft(
    ...['--root-quorum', '3', '--root-max-expires-days', '370', '--least-root-keys', '2', '--least-targets-keys', '2'],
  );
  expect(own.kinds).toMatchObject({
    wave: { quorum: 2, maxExpiresDays: 400 },
    root: { quorum: 3, maxExpiresDays: 370, leastKeys: { root: 2, targets: 2 } },
  });
  const shown = await cli(['policy', 'show', join(folder, `policy-${drafts}.json`)]);
  expect(shown.stdout).toContain('2 for root, 2 for targets');
});

test('rules that a policy cannot have are refused', async () => {
  expect((await draft('--least-root-keys', '99')).stderr).toContain('POLICY_INVALID');
  expect((await draft('--root-quorum', '4')).stderr).toContain('POLICY_INVALID');
});

test.each(['--officer', '--root'])('a file of %s that is not there is a mistake of usage', async (option) => {
  const missing = join(folder, 'missing');
  const { status, stderr } = await draft(option, option === '--officer' ? `dave=${missing}` : missing);
  expect(status).toBe(EXIT.usage);
  expect(stderr).toContain(`USAGE: ${missing} cannot be read`);
});

test('a --token of another form is a mistake of usage, and said', async () => {
  const { status, stderr } = await draft('--token', 'acme-targets');
  expect(status).toBe(EXIT.usage);
  expect(stderr).toContain('USAGE: --token acme-targets');
});
