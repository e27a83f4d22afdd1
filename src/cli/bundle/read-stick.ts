import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CountersignError, isCountersignError, restated } from '../../errors.js';
import type { Stick } from '../../factory/index.js';
import { parseOfflineBundle, parseRoot, parseSnapshot, parseTargets, parseTimestamp } from '../../tuf/index.js';

/** The server makes the roots before it; fioctl puts the owner's own on the stick. */
const FIRST_ROOT = 3;

/** The metadata of a folder that `fioctl targets offline-update` made. */
export interface StickFolder extends Stick {
  readonly folder: string;
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
  const roots: { bytes: Buffer; path: string }[] = [];
  for (let version = FIRST_ROOT, newest = newestRoot(tuf); version <= newest; version += 1) {
    const path = join(tuf, `${version}.root.json`);
    roots.push({ bytes: read(path), path });
  }
  const targetsPath = join(tuf, 'targets.json');
  const files = { bundle: read(bundlePath), targets: read(targetsPath), roots: roots.map(({ bytes }) => bytes) };
  return {
    folder,
    bundlePath,
    files,
    roots: roots.map(({ bytes, path }) => named(path, () => parseRoot(bytes))),
    timestamp: parsed(join(tuf, 'timestamp.json'), parseTimestamp),
    snapshot: parsed(join(tuf, 'snapshot.json'), parseSnapshot),
    targets: named(targetsPath, () => parseTargets(files.targets)),
    bundle: named(bundlePath, () => parseOfflineBundle(files.bundle)),
  };
}

/** A device stops at the first one that is missing; here that is an error, since what comes after it was meant to be read. */
function newestRoot(tuf: string): number {
  const names = existsSync(tuf) ? readdirSync(tuf) : [];
  const versions = names.map((name) => Number(/^([1-9][0-9]{0,8})\.root\.json$/.exec(name)?.[1] ?? 0));
  return Math.max(FIRST_ROOT, ...versions);
}

function parsed<T>(path: string, parse: (bytes: Buffer) => T): T {
  const bytes = read(path);
  return named(path, () => parse(bytes));
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
