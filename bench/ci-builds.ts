import { createHash } from 'node:crypto';
import type { TargetEntry } from '../src/tuf/index.js';

/** CI keeps some builds, each for all boards. */
const VERSIONS = [40, 41, 42, 43, 44, 45];
const BOARDS = 24;

/** What the CI of a Factory of some size built; a Wave takes one build of it, a document of about 25 kB. */
export function ciBuilds(): Record<string, TargetEntry> {
  return Object.fromEntries(
    VERSIONS.flatMap((version) =>
      Array.from({ length: BOARDS }, (_, board) => ciTarget(`board-${board}`, version, ['master'])),
    ),
  );
}

/** The Target of one build for one board, as a Factory's CI makes it: about a kilobyte. Same names, same bytes. */
export function ciTarget(board: string, version: number, tags: readonly string[]): [name: string, entry: TargetEntry] {
  const digest = (what: string): string => createHash('sha256').update(`${board} ${version} ${what}`).digest('hex');
  const app = (name: string): { uri: string } => ({ uri: `hub.foundries.io/acme/${name}@sha256:${digest(name)}` });
  return [
    `${board}-lmp-${version}`,
    {
      hashes: { sha256: digest('ostree') },
      length: 0,
      custom: {
        cliUploaded: false,
        name: `${board}-lmp`,
        version: String(version),
        hardwareIds: [board],
        targetFormat: 'OSTREE',
        uri: `https://ci.foundries.io/projects/acme/lmp/builds/${version}`,
        createdAt: '2026-10-21T02:20:18Z',
        updatedAt: '2026-10-21T02:20:18Z',
        'lmp-manifest-sha': digest('manifest').slice(0, 40),
        arch: 'x86_64',
        'image-file': `lmp-factory-image-${board}.wic.gz`,
        'meta-subscriber-overrides-sha': digest('overrides').slice(0, 40),
        tags: [...tags],
        docker_compose_apps: { mosquitto: app('mosquitto'), 'simple-app': app('simple-app'), netdata: app('netdata') },
        'containers-sha': digest('containers').slice(0, 40),
      },
    },
  ];
}
