/**
 * How long check, canonical form and digest of a targets document take, against JSON.parse alone of the same document; and how
 * much memory. Wanted at 10 MB: shuffled within 2 × JSON.parse, canonical already within 1 ×; at most 6 MB of memory per MB.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from '../src/cli/terminal/table.js';
import { canonicalize, parseCanonical, parseTargets, sha256Hex } from '../src/tuf/index.js';
import { LIMITS, MEMORY_CASES } from './canonical-memory.js';
import { printTimes, timedSync } from './measure.js';
import { targetsDocuments, type TargetsDocuments } from './targets-documents.js';

const SIZES: readonly { megabytes: number; samples: number }[] = [
  { megabytes: 1, samples: 50 },
  { megabytes: 10, samples: 15 },
  { megabytes: 50, samples: 7 },
];
const MEMORY_PROGRAM = join(import.meta.dirname, 'canonical-memory.ts');

export function benchCanonical(wanted: number | undefined): void {
  for (const { megabytes, samples } of SIZES) {
    const documents = targetsDocuments(megabytes * 1e6);
    requireSame(documents);
    compareTimes(megabytes, wanted ?? samples, documents);
    compareMemory(megabytes, documents);
  }
}

/** All three are one document, so all three have one canonical form. */
function requireSame({ shuffled, indented, canonical }: TargetsDocuments): void {
  for (const document of [shuffled, indented, canonical]) {
    if (!canonicalize(document, LIMITS).equals(canonical)) throw new Error('the canonical forms differ');
  }
  if (canonicalize(canonical, LIMITS).buffer !== canonical.buffer) throw new Error('canonical bytes were copied');
}

function compareTimes(megabytes: number, samples: number, { shuffled, indented, canonical }: TargetsDocuments): void {
  const texts = { shuffled: shuffled.toString(), indented: indented.toString(), canonical: canonical.toString() };
  const parse = (text: string): unknown => JSON.parse(text);
  const digest = (document: Buffer): string => sha256Hex(canonicalize(document, LIMITS));
  const measured = (name: string, work: () => unknown, baseline?: string) => ({ name, work, baseline, times: [] });
  const cases: { name: string; work: () => unknown; baseline: string | undefined; times: number[] }[] = [
    measured('JSON.parse, shuffled', () => parse(texts.shuffled)),
    measured('JSON.parse, indented', () => parse(texts.indented)),
    measured('JSON.parse, canonical', () => parse(texts.canonical)),
    measured('shuffled: check, canonical form, SHA-256', () => digest(shuffled), 'JSON.parse, shuffled'),
    measured('indented: check, canonical form, SHA-256', () => digest(indented), 'JSON.parse, indented'),
    measured('canonical: check, SHA-256', () => digest(canonical), 'JSON.parse, canonical'),
    measured('canonical: check', () => canonicalize(canonical, LIMITS), 'JSON.parse, canonical'),
    measured('shuffled: the same and its value', () => parseCanonical(shuffled), 'JSON.parse, shuffled'),
    measured('shuffled: all that parseTargets does', () => parseTargets(shuffled), 'JSON.parse, shuffled'),
  ];
  // in turns, so that a busy machine is slow for all of them; the first turn warms up
  for (let round = 0; round <= samples; round += 1) {
    for (const { work, times } of cases) timedSync(round === 0 ? [] : times, work);
  }
  const timesOf = new Map(cases.map(({ name, times }) => [name, times]));
  printTimes(
    `targets of ${megabytes} MB`,
    cases.map(({ name, times, baseline }) => {
      const against = timesOf.get(baseline ?? '');
      return against === undefined ? { name, times } : { name, times, against };
    }),
  );
}

/** Each case in a process of its own, so that no earlier peak hides its own. */
function compareMemory(megabytes: number, documents: TargetsDocuments): void {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  try {
    for (const [name, bytes] of Object.entries<Buffer>({ ...documents })) writeFileSync(join(directory, name), bytes);
    const rows = MEMORY_CASES.map(({ name, input }) => {
      const args = [...process.execArgv, MEMORY_PROGRAM, name, join(directory, input)];
      const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (child.status !== 0) throw new Error(child.stderr);
      return [name, child.stdout.trim()];
    });
    console.log(formatTable([`peak memory, ${megabytes} MB`, 'MB per MB of input'], rows));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
