/** How far the memory of a process grows for one document; run by `canonical.ts`, once for each case. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { canonicalize, parseTargets, sha256Hex } from '../src/tuf/index.js';
import { memoryBytes } from './process-account.js';
import type { TargetsDocuments } from './targets-documents.js';

/** 50 MB have more than the usual limit once they are indented. */
export const LIMITS = { maxBytes: 128 * 1024 * 1024 };

export const MEMORY_CASES: readonly {
  readonly name: string;
  readonly input: keyof TargetsDocuments;
  readonly work: (bytes: Buffer) => unknown;
}[] = [
  { name: 'JSON.parse, shuffled', input: 'shuffled', work: (bytes) => JSON.parse(bytes.toString()) as unknown },
  { name: 'shuffled: check, canonical form, SHA-256', input: 'shuffled', work: digest },
  { name: 'indented: check, canonical form, SHA-256', input: 'indented', work: digest },
  { name: 'canonical: check, SHA-256', input: 'canonical', work: digest },
  { name: 'shuffled: all that parseTargets does', input: 'shuffled', work: parseTargets },
];

function digest(bytes: Buffer): string {
  return sha256Hex(canonicalize(bytes, LIMITS));
}

/** The highest use of memory from before the input was read to after the work, the input included, per byte of input. */
function measure(name: string, path: string): void {
  const found = MEMORY_CASES.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  const before = memoryBytes('VmRSS');
  const bytes = readFileSync(path);
  const result = found.work(bytes);
  const after = memoryBytes('VmHWM');
  if (result === undefined) throw new Error('the work gave nothing');
  console.log(((after - before) / bytes.length).toFixed(1));
}

const [, program, name = '', path = ''] = process.argv;
if (program === fileURLToPath(import.meta.url)) measure(name, path);
