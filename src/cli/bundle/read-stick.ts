import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CountersignError, isCountersignError, restated } from '../../errors.js';
import type { Stick } from '../../factory/index.js';
import { parseOfflineBundle, parseRoot, parseTargets } from '../../tuf/index.js';

/** The server makes the roots before it; fioctl puts the owner's own on the stick. */
const FIRST_ROOT = 3;
const MAX_ROOTS = 1000;

/** The metadata of a folder that `fioctl targets offline-update` made. */
export interface StickFolder extends Stick {
  readonly bundlePath: string;
  /** The files as they stand. */
  readonly files: { readonly bundle: Buffer; readonly targets: Buffer; readonly roots: readonly Buffer[] };
}

/**
 * Reads `DIR/tuf`. Nothing is verified; errors name the file.
 *
 * @throws USAGE a file is missing; NOT_CANONICAL and what parsing metadata throws
 */
export function readStick(folder: string): StickFolder {
  const tuf = join(folder, 'tuf');
  const bundlePath = join(tuf, 'bundle-targets.json');
  // devices want these too; they are the Factory's alone
  for (const name of ['timestamp.json', 'snapshot.json']) read(join(tuf, name));
  const roots: { bytes: Buffer; path: string }[] = [];
  for (let version = FIRST_ROOT; version < FIRST_ROOT + MAX_ROOTS; version += 1) {
    const path = join(tuf, `${version}.root.json`);
    if (!existsSync(path)) break;
    roots.push({ bytes: read(path), path });
  }
  if (roots.length === 0) read(join(tuf, `${FIRST_ROOT}.root.json`));
  const targetsPath = join(tuf, 'targets.json');
  const files = { bundle: read(bundlePath), targets: read(targetsPath), roots: roots.map(({ bytes }) => bytes) };
  return {
    bundlePath,
    files,
    roots: roots.map(({ bytes, path }) => named(path, () => parseRoot(bytes))),
    targets: named(targetsPath, () => parseTargets(files.targets)),
    bundle: named(bundlePath, () => parseOfflineBundle(files.bundle)),
  };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new CountersignError('USAGE', `${path} cannot be read`, {
      hint: 'Give the folder that `fioctl targets offline-update` made.',
      details: { path },
      cause,
    });
  }
}

function named<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    throw restated(error, { message: `${path}: ${error.message}`, details: { ...error.details, path } });
  }
}
