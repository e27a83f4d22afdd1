import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { checkWorthless } from '../../../src/cli/contribute/check-worthless.js';
import { readOfflineKeys } from '../../../src/offline-keys/index.js';
import { parseRoot, type RootMetadata } from '../../../src/tuf/index.js';
import { describeGolden, goldenPath } from '../../tuf/golden.js';

describeGolden('fioctl/A', 'what the archives of a whole story are still good for', () => {
  const chains = { ci: rootsOf('ci'), production: rootsOf('production') };
  const at = (version: number) => ({
    ci: chains.ci.slice(0, version),
    production: chains.production.slice(0, version),
  });

  test('keys that were all rotated out: no signature of theirs counts', async () => {
    const { standing, trials } = checkWorthless(await archive('keys.tgz'), at(8));
    expect(standing).toEqual([]);
    expect(trials.map(({ repository, role, counted }) => [repository, role, counted])).toEqual([
      ['ci', 'root', 0],
      ['ci', 'targets', 0],
      ['production', 'root', 0],
      ['production', 'targets', 0],
    ]);
    expect(trials.every(({ made }) => made >= 4)).toBe(true);
  });

  test('the same keys while they were in force: each is named, and its signatures count', async () => {
    const { standing, trials } = checkWorthless(await archive('keys.tgz'), at(4));
    expect(standing.map(({ repository, role }) => `${repository} ${role}`).sort()).toEqual([
      'ci root',
      'ci targets',
      'production root',
      'production targets',
    ]);
    expect(trials.map(({ counted }) => counted)).toEqual([1, 1, 1, 1]);
  });

  test('an archive with the root key in force is anything but worthless', async () => {
    const { standing, trials } = checkWorthless(await archive('root-only.tgz'), at(8));
    expect(standing.map(({ role, version }) => [role, version])).toEqual([
      ['root', 8],
      ['root', 8],
    ]);
    expect(trials.filter(({ role }) => role === 'root').map(({ counted }) => counted)).toEqual([1, 1]);
  });
});

async function archive(name: string) {
  return await readOfflineKeys(readFileSync(goldenPath(`fioctl/A/keys/${name}`)));
}

/** As `download-roots` got the CI roots at the end; the production roots differ in the threshold of targets alone. */
function rootsOf(repository: 'ci' | 'production'): RootMetadata[] {
  const folder = goldenPath('fioctl/A');
  const file = readdirSync(folder).find((name) => name.startsWith('40-')) ?? '';
  const { exchanges } = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as {
    exchanges: { status: number; 'response-body': { signed: { roles: { targets: { threshold: number } } } } }[];
  };
  return exchanges
    .filter(({ status }) => status === 200)
    .map(({ 'response-body': body }) => {
      const roles = { ...body.signed.roles, targets: { ...body.signed.roles.targets, threshold: 2 } };
      const shown = repository === 'ci' ? body : { ...body, signed: { ...body.signed, roles } };
      return parseRoot(Buffer.from(JSON.stringify(shown)));
    });
}
