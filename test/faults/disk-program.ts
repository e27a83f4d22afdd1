/**
 * Runs in a process of its own, over a disk of its own: makes it full and read-only under the signer's journal, the PIN record and the
 * SQLite store, and prints what came of each as one JSON object. argv: `tmpfs` (the folder is a small file system that this process may
 * mount anew) or `limit` (the kernel's limit on the size of files stands for a full disk), and the folder.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCountersignError } from '../../src/errors.js';
import { verifyJournal } from '../../src/signer/index.js';
import { Journal } from '../../src/signer/journal/journal.js';
import { PinRecord } from '../../src/signer/pin/pin-record.js';
import { openStore } from '../../src/store/index.js';
import { asked, blobs, newRequest } from '../store/records.js';
import { requestId, signerBench, waveOver, type SignerBench } from '../support/signer-bench.js';

const [, , kind = '', folder = ''] = process.argv;
process.env['TMPDIR'] = folder;
const isTmpfs = kind === 'tmpfs';

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

const filler = join(folder, 'filler');
const limitFiles = (bytes: number | 'unlimited'): void =>
  run('prlimit', '--pid', String(process.pid), `--fsize=${bytes}:unlimited`);

/** Leaves no room for `file` to grow by more than a part of a page. */
function fill(file: string | null): void {
  if (!isTmpfs) return limitFiles(file === null ? 0 : statSync(file).size + 40);
  for (const bytes of [65536, 4096]) {
    try {
      for (let part = 0; ; part += 1) writeFileSync(`${filler}.${bytes}.${part}`, Buffer.alloc(bytes));
    } catch {
      // full: smaller pieces fill what is left
    }
  }
}

function free(): void {
  if (!isTmpfs) return limitFiles('unlimited');
  for (const name of readdirSync(folder)) if (name.startsWith('filler')) rmSync(join(folder, name));
}

/** What a promise came to: `fine`, or code, message and hint. */
async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'fine';
  } catch (error) {
    return isCountersignError(error) ? `${error.code}: ${error.message}; ${error.hint ?? ''}` : String(error);
  }
}

const sign = (bench: SignerBench, version: number): Promise<unknown> =>
  bench.signer.sign(waveOver(bench, { version, id: requestId(version) }).lines);
const failureOf = async (bench: SignerBench): Promise<string | undefined> =>
  (await bench.signer.status(false)).journal.failure;

/** The first version that is refused: a full disk has room for the rest of a page. */
async function firstRefused(bench: SignerBench): Promise<{ version: number; refused: string }> {
  for (let version = 42; version < 60; version += 1) {
    const refused = await outcome(() => sign(bench, version));
    if (refused !== 'fine') return { version, refused };
  }
  throw new Error('the disk is not full');
}

async function journalIsFull(): Promise<object> {
  const bench = await signerBench();
  await sign(bench, 41);
  fill(bench.journalPath);
  const { version, refused: first } = await firstRefused(bench);
  const signed = bench.token.signed.length;
  const refused = [first, await outcome(() => sign(bench, version + 1))];
  const signedWhileFull = bench.token.signed.length - signed;
  const failure = await failureOf(bench);
  free();
  const failureAfter = await failureOf(bench);
  const after = await outcome(() => sign(bench, version));
  const { tornBytes } = await verifyJournal(bench.journalPath);
  await bench.remove();
  return { refused, signedWhileFull, failure, failureAfter: failureAfter ?? null, after, tornBytes };
}

async function journalIsFullAtStart(): Promise<object> {
  const bench = await signerBench();
  await sign(bench, 41);
  fill(bench.journalPath);
  const { version, refused } = await firstRefused(bench);
  const torn = (await verifyJournal(bench.journalPath)).tornBytes;
  await bench.restart();
  const tornAfterStart = (await verifyJournal(bench.journalPath)).tornBytes;
  const again = await outcome(() => sign(bench, version));
  free();
  const after = await outcome(() => sign(bench, version));
  await bench.remove();
  return { refused, torn: torn > 0, tornAfterStart, again, after };
}

async function journalIsFullBetweenIntentAndSignature(): Promise<object> {
  const bench = await signerBench();
  bench.onStep = (step) => {
    if (step === 'sign:made') fill(bench.journalPath);
  };
  const refused = await outcome(() => sign(bench, 42));
  bench.onStep = undefined;
  free();
  const after = await outcome(() => sign(bench, 42));
  const { entries } = await verifyJournal(bench.journalPath);
  await bench.remove();
  return { refused, after, entries };
}

async function pinRecordIsFull(): Promise<object> {
  const stateDir = mkdtempSync(join(folder, 'pins-'));
  const record = new PinRecord(stateDir, { label: 'targets', serial: '1' });
  fill(null);
  const begin = await outcome(() => record.begin(0));
  free();
  const after = await outcome(() => record.begin(0));
  fill(null);
  const refuse = await outcome(() => record.refuse('refused'));
  const next = await outcome(() => record.begin(0));
  free();
  return { begin, after, refuse, next };
}

async function storeIsFull(): Promise<object> {
  const file = join(mkdtempSync(join(folder, 'store-')), 'service.db');
  const store = await openStore(`sqlite:${file}`);
  const insert = (number: number): Promise<string> => {
    const request = newRequest(number, { wave: { name: 'w', tag: `t${number}`, version: 1 } });
    const big = [...blobs(request.id), Buffer.alloc(200_000, String(number))];
    return outcome(() => store.requests.insert(request, { blobs: big, event: asked(request) }));
  };
  const before = await insert(1);
  fill(null);
  const refused = [await insert(2), await outcome(() => store.check())];
  const halfThere = (await store.requests.find(newRequest(2).id)) !== null;
  const readable = (await store.requests.find(newRequest(1).id)) !== null;
  free();
  const after = await insert(2);
  const { count } = await store.events.verify();
  await store.close();
  return { before, refused, halfThere, readable, after, count };
}

/** Only where this process may mount: a mode says nothing to root. */
async function readOnly(): Promise<object> {
  const bench = await signerBench();
  await sign(bench, 41);
  const file = join(folder, 'read-only.db');
  const store = await openStore(`sqlite:${file}`);
  await store.check();
  // what is open for writing would keep the whole file system writable: the mount alone is turned
  run('mount', '--bind', folder, folder);
  run('mount', '-o', 'remount,bind,ro', folder);
  const begin = await outcome(() => new PinRecord(bench.stateDir, { label: 'targets', serial: '1' }).begin(0));
  await bench.stop();
  const start = await outcome(() => Journal.open({ stateDir: bench.stateDir, logger: bench.logger }));
  const openDatabase = await outcome(() => openStore(`sqlite:${file}`));
  const openNew = await outcome(() => openStore(`sqlite:${join(folder, 'other.db')}`));
  run('mount', '-o', 'remount,bind,rw', folder);
  await bench.restart();
  const after = [await outcome(() => sign(bench, 42)), await outcome(() => store.check())];
  await store.close();
  await bench.remove();
  return { begin, start, openDatabase, openNew, after };
}

const results = {
  journalIsFull: await journalIsFull(),
  journalIsFullAtStart: await journalIsFullAtStart(),
  // on pages the signature's line would find the room that the intent's left
  journalIsFullBetweenIntentAndSignature: isTmpfs ? null : await journalIsFullBetweenIntentAndSignature(),
  pinRecordIsFull: await pinRecordIsFull(),
  storeIsFull: await storeIsFull(),
  readOnly: isTmpfs ? await readOnly() : null,
};
process.stdout.write(`${JSON.stringify(results)}\n`);
