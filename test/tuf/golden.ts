/** Recordings of the real thing that lie beside the repository; tests that need them say so when they are not there. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from '@jest/globals';

const GOLDEN = fileURLToPath(new URL('../../../shared/golden', import.meta.url));

export function goldenPath(path: string): string {
  return `${GOLDEN}/${path}`;
}

/**
 * `describe`, or one test that is still to do when the folder `path` of the recordings is not there. Then `body` is not run: it
 * may read them already while tests are collected.
 */
export function describeGolden(path: string, title: string, body: () => void): void {
  if (existsSync(goldenPath(path))) describe(title, body);
  else test.todo(`${title}: needs ../shared/golden/${path}, which is not there`);
}
