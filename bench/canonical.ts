/**
 * How fast documents come to canonical form, as a ratio to JSON.parse of the same document in the same run, and how
 * much memory that takes. `npx tsx bench/canonical.ts [megabytes…]`; 1, 10 and 50 by default.
 *
 * Goals at 10 MB: shuffled keys, with SHA-256, within 2 times JSON.parse; already canonical within 1; at most 6 MB of
 * memory per MB of input, the input included.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canonicalize, parseCanonical, parseTargets, sha256Hex } from '../src/tuf/index.js';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const ROUNDS = 9;
const MEMORY_FLAG = '--memory';

/** Always the same numbers, so that runs can be compared. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** `JSON.parse`, whose own result type is `any`. */
function parseJson(text: string): unknown {
  return JSON.parse(text);
}

function hex(random: () => number, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
}

/** Targets as a Factory's CI makes them, of about that many bytes. */
function targetsDocument(bytes: number): Json {
  const random = createRandom(1);
  const targets: Record<string, Json> = {};
  const entryBytes = 1089;
  for (let version = 1; version * entryBytes < bytes; version++) {
    const hardwareId = version % 2 === 0 ? 'intel-corei7-64' : 'raspberrypi4-64';
    const app = (name: string): Json => ({ uri: `hub.foundries.io/acme/${name}@sha256:${hex(random, 64)}` });
    targets[`${hardwareId}-lmp-${version}`] = {
      hashes: { sha256: hex(random, 64) },
      length: 0,
      custom: {
        cliUploaded: false,
        name: `${hardwareId}-lmp`,
        version: String(version),
        hardwareIds: [hardwareId],
        targetFormat: 'OSTREE',
        uri: `https://ci.foundries.io/projects/acme/lmp/builds/${version}`,
        createdAt: '2026-10-21T02:20:18Z',
        updatedAt: '2026-10-21T02:20:18Z',
        'lmp-manifest-sha': hex(random, 40),
        arch: 'x86_64',
        'image-file': `lmp-factory-image-${hardwareId}.wic.gz`,
        'meta-subscriber-overrides-sha': hex(random, 40),
        tags: ['master', 'devel'],
        docker_compose_apps: { mosquitto: app('mosquitto'), 'simple-app': app('simple-app'), netdata: app('netdata') },
        'containers-sha': hex(random, 40),
      },
    };
  }
  const signatures: Json = [{ keyid: hex(random, 64), method: 'ed25519', sig: 'AAAA' }];
  return { signatures, signed: { _type: 'Targets', expires: '2030-01-01T00:00:00Z', targets, version: 1 } };
}

function shuffled(value: Json, random: () => number): Json {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => ({ at: random(), name, member }));
  entries.sort((a, b) => a.at - b.at);
  return Object.fromEntries(entries.map(({ name, member }) => [name, shuffled(member, random)]));
}

function inputs(megabytes: number): { shuffled: Buffer; canonical: Buffer; pretty: Buffer } {
  const value = shuffled(targetsDocument(megabytes * 1e6), createRandom(2));
  const text = JSON.stringify(value);
  return {
    shuffled: Buffer.from(text),
    canonical: canonicalize(Buffer.from(text)),
    pretty: Buffer.from(JSON.stringify(value, null, 2)),
  };
}

/** The best round: what else runs on the machine only ever makes a round slower. */
function bestMs(times: readonly number[] = []): number {
  return Math.min(...times);
}

function compareTimes(megabytes: number): void {
  const input = inputs(megabytes);
  const text = input.shuffled.toString();
  const canonicalText = input.canonical.toString();
  const prettyText = input.pretty.toString();
  const cases: { name: string; run: () => unknown; of: string }[] = [
    { name: 'JSON.parse, shuffled', run: () => parseJson(text), of: 'JSON.parse, shuffled' },
    { name: 'JSON.parse, canonical', run: () => parseJson(canonicalText), of: 'JSON.parse, canonical' },
    { name: 'JSON.parse, indented', run: () => parseJson(prettyText), of: 'JSON.parse, indented' },
    { name: 'shuffled → SHA-256', run: () => sha256Hex(canonicalize(input.shuffled)), of: 'JSON.parse, shuffled' },
    { name: 'canonical, checked', run: () => canonicalize(input.canonical), of: 'JSON.parse, canonical' },
    { name: 'canonical → SHA-256', run: () => sha256Hex(canonicalize(input.canonical)), of: 'JSON.parse, canonical' },
    { name: 'indented → SHA-256', run: () => sha256Hex(canonicalize(input.pretty)), of: 'JSON.parse, indented' },
    { name: 'shuffled → value', run: () => parseCanonical(input.shuffled), of: 'JSON.parse, shuffled' },
    { name: 'shuffled → targets', run: () => parseTargets(input.shuffled), of: 'JSON.parse, shuffled' },
  ];
  const times = new Map(cases.map(({ name }) => [name, [] as number[]]));
  // interleaved, so that a busy machine is slow for all of them; the first round warms up
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { name, run } of cases) {
      const start = performance.now();
      run();
      if (round > 0) times.get(name)?.push(performance.now() - start);
    }
  }
  for (const { name, of } of cases) {
    const ms = bestMs(times.get(name));
    const ratio = ms / bestMs(times.get(of));
    console.log(
      `${String(megabytes).padStart(3)} MB  ${name.padEnd(24)} ${ms.toFixed(1).padStart(8)} ms  ${ratio.toFixed(2)}`,
    );
  }
}

type InputName = keyof ReturnType<typeof inputs>;
const MEMORY_CASES: readonly { name: string; input: InputName; run: (bytes: Buffer) => unknown }[] = [
  { name: 'JSON.parse, shuffled', input: 'shuffled', run: (bytes) => parseJson(bytes.toString()) },
  { name: 'shuffled → SHA-256', input: 'shuffled', run: (bytes) => sha256Hex(canonicalize(bytes)) },
  { name: 'canonical → SHA-256', input: 'canonical', run: (bytes) => sha256Hex(canonicalize(bytes)) },
  { name: 'indented → SHA-256', input: 'pretty', run: (bytes) => sha256Hex(canonicalize(bytes)) },
  { name: 'shuffled → targets', input: 'shuffled', run: (bytes) => parseTargets(bytes) },
];

/** Each case in a process of its own, so that no earlier peak hides its own. */
function compareMemory(megabytes: number): void {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  try {
    for (const [name, bytes] of Object.entries(inputs(megabytes))) writeFileSync(join(directory, name), bytes);
    MEMORY_CASES.forEach(({ name, input }, index) => {
      const argv = [
        ...process.execArgv,
        fileURLToPath(import.meta.url),
        MEMORY_FLAG,
        String(index),
        join(directory, input),
      ];
      const child = spawnSync(process.execPath, argv, { encoding: 'utf8' });
      if (child.status !== 0) throw new Error(child.stderr);
      console.log(`${String(megabytes).padStart(3)} MB  ${name.padEnd(24)} ${child.stdout.trim()} MB of memory per MB`);
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** In the child: how much the highest memory use grew from before the input was read, per byte of input. */
function measureMemory(index: number, path: string): void {
  const before = memoryBytes('VmRSS');
  const bytes = readFileSync(path);
  const result = MEMORY_CASES[index]?.run(bytes);
  const after = memoryBytes('VmHWM');
  if (result === undefined) throw new Error('no such case');
  console.log(((after - before) / bytes.length).toFixed(1));
}

/** From Linux's own account of this process; getrusage's peak would include the parent's. */
function memoryBytes(field: 'VmRSS' | 'VmHWM'): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1]) * 1024;
}

const [first, ...rest] = process.argv.slice(2);
if (first === MEMORY_FLAG) {
  measureMemory(Number(rest[0]), rest[1] ?? '');
} else {
  const sizes = first === undefined ? [1, 10, 50] : [first, ...rest].map(Number);
  for (const megabytes of sizes) {
    compareTimes(megabytes);
    compareMemory(megabytes);
  }
}
