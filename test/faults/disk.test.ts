/** Disks that are full or read-only, under the parts that keep something. `disk-program.ts` does the work over a disk of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

const PROGRAM = fileURLToPath(new URL('./disk-program.ts', import.meta.url));
const MOUNT = 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"';

/** A user namespace, in which also a normal user may mount, is not allowed everywhere. */
const mayMount = spawnSync('unshare', ['-Urm', 'sh', '-c', MOUNT, tmpdir(), 'true']).status === 0;
if (!mayMount)
  console.warn('no user namespaces here: a really full and a read-only disk are not tried, only the limit on files');

const text = z.string();
const resultsSchema = z.object({
  journalIsFull: z.object({
    ...{ refused: z.array(text), signedWhileFull: z.int(), failure: text, failureAfter: z.null(), after: text },
    tornBytes: z.int(),
  }),
  journalIsFullAtStart: z.object({
    ...{ refused: text, torn: z.boolean(), tornAfterStart: z.int(), again: text, after: text },
  }),
  journalIsFullBetweenIntentAndSignature: z.object({ refused: text, after: text, entries: z.int() }).nullable(),
  pinRecordIsFull: z.object({ begin: text, after: text, refuse: text, next: text }),
  storeIsFull: z.object({
    ...{ before: text, refused: z.array(text), halfThere: z.boolean(), readable: z.boolean(), after: text },
    count: z.int(),
  }),
  readOnly: z.object({ begin: text, start: text, openDatabase: text, openNew: text, after: z.array(text) }).nullable(),
});

const ran = new Map<string, z.output<typeof resultsSchema>>();

/** Each kind once. */
function resultsOf(kind: 'tmpfs' | 'limit'): z.output<typeof resultsSchema> {
  const results = ran.get(kind) ?? runProgram(kind);
  ran.set(kind, results);
  return results;
}

function runProgram(kind: 'tmpfs' | 'limit'): z.output<typeof resultsSchema> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-disk-'));
  const program = [process.execPath, '--import', 'tsx', PROGRAM, kind, folder];
  const [command = '', ...args] =
    kind === 'tmpfs' ? ['unshare', '-Urm', 'sh', '-c', MOUNT, folder, ...program] : program;
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  rmSync(folder, { recursive: true, force: true });
  if (stdout === '') throw new Error(stderr);
  return resultsSchema.parse(JSON.parse(stdout));
}

const WRITE_FAILED = /^JOURNAL_WRITE_FAILED: .*make room, or make it writable; it is tried again by itself$/;

describe.each(mayMount ? (['limit', 'tmpfs'] as const) : (['limit'] as const))('a full disk (%s)', (kind) => {
  let results: z.output<typeof resultsSchema>;
  beforeAll(() => {
    results = resultsOf(kind);
  });

  it('under the journal: nothing is signed, the status says why, and it goes on without a restart once there is room', () => {
    const { refused, signedWhileFull, failure, failureAfter, after, tornBytes } = results.journalIsFull;
    for (const one of refused) expect(one).toMatch(WRITE_FAILED);
    expect(failure).toMatch(/make room/);
    expect({ signedWhileFull, failureAfter, after, tornBytes }).toEqual({
      ...{ signedWhileFull: 0, failureAfter: null, after: 'fine', tornBytes: 0 },
    });
  });

  it('leaves a torn line, which the next start cuts off though the disk is still full', () => {
    const { refused, torn, tornAfterStart, again, after } = results.journalIsFullAtStart;
    for (const one of [refused, again]) expect(one).toMatch(WRITE_FAILED);
    expect({ torn, tornAfterStart, after }).toEqual({ torn: true, tornAfterStart: 0, after: 'fine' });
  });

  it('between the decision and its signature: the signature does not leave, and is made from the decision later', () => {
    if (results.journalIsFullBetweenIntentAndSignature === null) return;
    const { refused, after, entries } = results.journalIsFullBetweenIntentAndSignature;
    expect(refused).toMatch(WRITE_FAILED);
    // init, policy, key, six roots, one decision, one signature
    expect({ after, entries }).toEqual({ after: 'fine', entries: 11 });
  });

  it('under the PIN record: no login is tried, and that the token refused the PIN is kept all the same', () => {
    const { begin, after, refuse, next } = results.pinRecordIsFull;
    expect(begin).toMatch(/^TOKEN_UNAVAILABLE: no login is tried without a record of it/);
    expect([after, refuse]).toEqual(['fine', 'fine']);
    expect(next).toMatch(/^PIN_REFUSED/);
  });

  it('under SQLite: a write is refused with the reason and not half there, reading goes on, and so does writing once there is room', () => {
    const { before, refused, halfThere, readable, after, count } = results.storeIsFull;
    expect(refused[0]).toMatch(/^STORE_FAILED: the database failed \(SQLITE_(FULL|IOERR_WRITE)\); The disk/);
    expect({ before, halfThere, readable, after, count }).toEqual({
      ...{ before: 'fine', halfThere: false, readable: true, after: 'fine', count: 2 },
    });
  });
});

(mayMount ? describe : describe.skip)('a read-only disk', () => {
  it('is refused at the start by signer and service, with the path and what to do, and needs nothing but to be mended', () => {
    const { readOnly } = resultsOf('tmpfs');
    expect(readOnly?.start).toMatch(/^JOURNAL_WRITE_FAILED: .*EROFS.*journal\.jsonl.*make it readable and writable/);
    expect(readOnly?.openDatabase).toMatch(/^STORE_FAILED: the database \/.*read-only\.db failed.*may write/);
    expect(readOnly?.openNew).toMatch(/^STORE_FAILED: the database \/.*other\.db failed.*may write/);
    expect(readOnly?.begin).toMatch(/^TOKEN_UNAVAILABLE: no login is tried.*writable for the signer/);
    expect(readOnly?.after).toEqual(['fine', 'fine']);
  });
});
