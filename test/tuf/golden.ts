/** Recordings of the real thing that lie beside the repository; tests that need them say so when they are not there. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';

const GOLDEN = fileURLToPath(new URL('../../../shared/golden', import.meta.url));

export function goldenPath(path: string): string {
  return `${GOLDEN}/${path}`;
}

/** `describe`, or a visible skip when the folder `path` of the recordings is not there. */
export function describeGolden(path: string, title: string, body: () => void): void {
  if (existsSync(goldenPath(path))) {
    describe(title, body);
  } else {
    console.warn(`skipped, because ../shared/golden/${path} is not there: ${title}`);
    describe.skip(title, body);
  }
}
