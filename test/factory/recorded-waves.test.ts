import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { applyWave, describeWave, diffWave, formatWave } from '../../src/factory/index.js';
import { parseTargets, parseTargetsSigned, type TargetEntry, type Targets } from '../../src/tuf/index.js';
import { describeGolden, goldenPath } from '../tuf/golden.js';

/** What the real fioctl sent, and what it had been given: applyWave has to make the same bytes. */
const STORIES = ['A', 'B'].map((story) => goldenPath(`fioctl/${story}`));

const bodySchema = z.unknown();
const recordingSchema = z.object({
  command: z.string(),
  exchanges: z
    .array(
      z.object({
        method: z.string(),
        path: z.string(),
        status: z.number(),
        'request-body': bodySchema,
        'response-body': bodySchema.optional(),
      }),
    )
    .default([]),
});
const postedSchema = z.object({
  name: z.string(),
  version: z.string(),
  tag: z.string(),
  targets: z.object({ signed: z.unknown(), signatures: z.unknown() }),
});
const entriesSchema = z.record(z.string(), z.unknown());

interface RecordedWave {
  readonly command: string;
  readonly posted: z.infer<typeof postedSchema>;
  readonly ci: Record<string, unknown>;
  readonly production: Targets | null;
}

function readWaves(folder: string): RecordedWave[] {
  return readdirSync(folder)
    .filter((name) => name.includes('waves-init'))
    .sort()
    .flatMap((name): RecordedWave[] => {
      const { command, exchanges } = recordingSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
      const post = exchanges.find(({ method }) => method === 'POST');
      const ci = exchanges.find(({ path }) => path.endsWith('/targets/'));
      const production = exchanges.find(({ path }) => path.endsWith('/prod-targets/'));
      if (post === undefined) return [];
      const posted = postedSchema.parse(post['request-body']);
      const served =
        production?.status === 200 ? entriesSchema.parse(production['response-body'])[posted.tag] : undefined;
      return [
        {
          command,
          posted,
          ci: entriesSchema.parse(ci?.['response-body']),
          production: served === undefined ? null : parseTargets(Buffer.from(JSON.stringify(served))).signed,
        },
      ];
    });
}

function asTargets(entries: Record<string, unknown>, version: number): Targets {
  const signed = { _type: 'Targets', expires: '2027-01-01T00:00:00Z', targets: entries, version };
  return parseTargetsSigned(Buffer.from(JSON.stringify(signed))).signed;
}

describeGolden('fioctl', 'Waves that the real fioctl made', () => {
  const waves = STORIES.flatMap((folder) => readWaves(folder).map((wave) => ({ ...wave, folder })));
  /** Every version that fioctl was ever served in a story: CI targets metadata holds them all at once. */
  const allCi = (folder: string) =>
    waves
      .filter((wave) => wave.folder === folder)
      .reduce<Record<string, unknown>>((all, { ci }) => ({ ...all, ...ci }), {});

  test('are there', () => {
    expect(waves).toHaveLength(5);
  });

  test('come out the same, byte for byte, from the changes found in them', () => {
    for (const { command, posted, production, folder } of waves) {
      const sent = JSON.stringify(posted.targets.signed);
      const base = { ciTargets: asTargets(allCi(folder), 45), productionTargets: production };
      const submitted = parseTargetsSigned(Buffer.from(sent)).signed;
      const changes = diffWave(submitted, posted.tag, base);
      expect([command, changes[0]]).toEqual([
        command,
        { op: 'add-version', version: Number(posted.version), sourceTag: null },
      ]);
      expect(applyWave(changes, posted.tag, base).toString('utf8')).toBe(sent);
      expect(formatWave(describeWave(changes, posted.tag, base))).toContain(`version ${posted.version}`);
    }
  });
});

describeGolden('foundries', 'a Target of a real Factory', () => {
  test('goes into a Wave with its tags replaced and everything else as it is', () => {
    const { signed } = parseTargets(readFileSync(goldenPath('foundries/targets.excerpt.json')));
    const base = { ciTargets: signed, productionTargets: null };
    const changes = [
      { op: 'add-version', version: 57, sourceTag: 'devel' },
      { op: 'set-expires', expires: '2027-11-22T16:26:20Z' },
    ] as const;
    const name = 'raspberrypi3-64-lmp-57';
    const entry: TargetEntry | undefined = signed.targets[name];
    const made = parseTargetsSigned(applyWave(changes, 'production', base)).signed;
    expect(made.targets[name]).toEqual({ ...entry, custom: { ...entry?.custom, tags: ['production'] } });
    expect(describeWave(changes, 'production', base).hardware).toMatchObject([
      {
        hardwareId: 'raspberrypi3-64',
        added: [{ target: name, apps: [{ name: 'mosquitto' }, { name: 'netdata' }, { name: 'simple-app' }] }],
      },
    ]);
  });
});
