/**
 * Seeds that lie in files: `corpus/TARGET/NAME`. A name says what its file is; `found-…` is what once made the target
 * fail. The recordings beside the repository are seeds too where they are there.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CORPUS = fileURLToPath(new URL('./corpus/', import.meta.url));
const RECORDINGS = fileURLToPath(new URL('../../../shared/golden/', import.meta.url));
/** Larger ones would only make mutation slow. */
const MAX_RECORDING_BYTES = 4 * 1024;

export function corpusOf(target: string): Map<string, Buffer> {
  const folder = `${CORPUS}${target}/`;
  if (!existsSync(folder)) return new Map();
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(folder + name)]),
  );
}

/** Every JSON document among the recordings whose text has all of `marks`; none where there are no recordings. */
export function recordedJson(...marks: readonly string[]): Map<string, Buffer> {
  if (!existsSync(RECORDINGS)) return new Map();
  const names = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  const files = names.sort().map((name): [string, Buffer] => [name, readFileSync(RECORDINGS + name)]);
  return new Map(
    files.filter(([, bytes]) => bytes.length <= MAX_RECORDING_BYTES && marks.every((mark) => bytes.includes(mark))),
  );
}
