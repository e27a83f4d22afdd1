import { createHash } from 'node:crypto';
import { encodeCanonical, serializeMetadata, type TargetEntry } from '../tuf/index.js';
import { timeAfter } from './clock.js';
import { signOnline, type OnlineKey } from './online-keys.js';

const BUILT_AT = '2026-09-01T08:00:00Z';
const LIFETIME_DAYS = 30;

/** From the first to the last build: on which tags it is for each board. */
const BUILDS: readonly { version: number; intel: readonly string[]; raspberry: readonly string[] }[] = [
  { version: 40, intel: ['master'], raspberry: ['master'] },
  { version: 41, intel: ['master'], raspberry: ['master'] },
  { version: 42, intel: ['master'], raspberry: ['master'] },
  { version: 43, intel: ['master'], raspberry: ['devel'] },
  { version: 44, intel: ['devel'], raspberry: ['devel'] },
  { version: 45, intel: ['devel', 'master'], raspberry: ['devel', 'master'] },
];
const DELTA_VERSION = 44; // one build carries static deltas, as some real ones do

/** The version that the CI targets metadata starts with: that of the newest build. */
export const FIRST_CI_TARGETS_VERSION = 45;

/** The CI targets of a fresh Factory; every digest is made from names, so two sandboxes of one name agree on them. */
export function freshCiTargets(factory: string): Record<string, TargetEntry> {
  return Object.fromEntries(
    BUILDS.flatMap(({ version, intel, raspberry }) => [
      entryOf(factory, version, 'intel-corei7-64', 'x86_64', intel),
      entryOf(factory, version, 'raspberrypi4-64', 'aarch64', raspberry),
    ]),
  );
}

/** CI targets metadata with the online signature that it needs, as canonical text. */
export function signCiTargets(
  targets: Readonly<Record<string, TargetEntry>>,
  version: number,
  targetsKey: OnlineKey,
  now: Date,
): string {
  const signed = { _type: 'Targets', expires: timeAfter(now, LIFETIME_DAYS), targets, version };
  const signedBytes = encodeCanonical(signed);
  return serializeMetadata({ signatures: [signOnline(targetsKey, signedBytes)], signedBytes }).toString('utf8');
}

function entryOf(
  factory: string,
  version: number,
  hardwareId: string,
  arch: string,
  tags: readonly string[],
): [string, TargetEntry] {
  const name = `${hardwareId}-lmp`;
  const digest = (what: string): string => digestOf(`${factory}/${name}-${version}/${what}`);
  const app = (app: string): { uri: string } => ({
    uri: `apps.example/${factory}/${app}@sha256:${digest(`app/${app}`)}`,
  });
  return [
    `${name}-${version}`,
    {
      length: 0, // OSTree targets have no length of their own
      hashes: { sha256: digest('ostree') },
      custom: {
        arch,
        'containers-sha': digest('containers').slice(0, 40),
        createdAt: BUILT_AT,
        ...(version === DELTA_VERSION ? { 'delta-stats': { sha256: digest('delta'), size: 123456 } } : {}),
        docker_compose_apps: { dash: app('dash'), shell: app('shell') },
        hardwareIds: [hardwareId],
        'image-file': `lmp-factory-image-${hardwareId}.wic.gz`,
        'lmp-manifest-sha': digest('manifest').slice(0, 40),
        'lmp-ver': '95',
        'meta-subscriber-overrides-sha': digest('overrides').slice(0, 40),
        name,
        tags: [...tags],
        targetFormat: 'OSTREE',
        updatedAt: BUILT_AT,
        uri: `https://ci.example/projects/${factory}/lmp/builds/${version}`,
        version: String(version),
        // members that nobody here knows must come through every step unharmed
        'x-unknown': { a: [1, 'two', null, true], b: { nested: -7 } },
      },
    },
  ];
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
