import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseWithSchema } from '../../approval/index.js';
import { CountersignError } from '../../errors.js';
import {
  type EvidenceFile,
  type Published,
  type PublishedRoots,
  publishedRootsSchema,
  publishedSchema,
} from '../../signer/index.js';
import { dossierFileLines } from '../dossier-file.js';
import { readInputFile } from '../read-input-file.js';

/** The files, and those in the folders, that are given as evidence. @throws USAGE one cannot be read */
export function evidenceFiles(paths: readonly string[]): EvidenceFile[] {
  return paths.flatMap(filesOf).map((path) => ({
    name: path,
    lines: () => dossierFileLines(path),
  }));
}

/** What `countersign signer recover collect` wrote. @throws USAGE, INPUT_INVALID */
export function publishedIn(paths: readonly string[]): (Published | PublishedRoots)[] {
  return paths.flatMap((path) =>
    readInputFile(path)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line, index) => parsePublished(parseJson(line, path), `line ${index + 1} of ${path}`)),
  );
}

function parsePublished(value: unknown, what: string): Published | PublishedRoots {
  const as = { code: 'INPUT_INVALID', what } as const;
  const isRoots = typeof value === 'object' && value !== null && !('metadata' in value);
  return isRoots ? parseWithSchema(publishedRootsSchema, value, as) : parseWithSchema(publishedSchema, value, as);
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .sort()
      .map((name) => join(path, name));
  } catch (cause) {
    throw new CountersignError('USAGE', `${path} cannot be read`, { details: { path }, cause });
  }
}

function parseJson(line: string, path: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new CountersignError('INPUT_INVALID', `${path} is not what signer recover collect writes`, { cause });
  }
}
