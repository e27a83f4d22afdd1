import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { verifyJournal } from '../../../src/signer/index.js';
import { sealEntry } from '../../../src/signer/journal/line.js';
import {
  journalEntrySchema,
  type JournalBody,
  type JournalEntry,
  type JournalHead,
} from '../../../src/signer/journal/entry.js';
import type { JsonValue } from '../../../src/tuf/index.js';
import type { Random } from '../../support/random.js';
import { corpusOf } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { madeBy, mutatedBytes, oneOf } from '../inputs.js';
import { journalSeed } from '../journal-seed.js';
import { mutateJson } from '../mutate-json.js';
import { attemptAsync } from '../refusal.js';

/** The signer's journal: broken bytes, and whole chains whose entries say what no signer would write. */
export const journalTarget: FuzzTarget = {
  name: 'journal',
  share: 30_000,
  async open() {
    const corpus = corpusOf('journal');
    const seed = await journalSeed();
    const entries = seed
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonValue);
    const inputs = fc.oneof(mutatedBytes([...corpus.values(), seed]), {
      weight: 3,
      arbitrary: madeBy((random) => sealedAnew(mutatedEntries(random, entries))),
    });
    const folder = mkdtempSync(join(tmpdir(), 'fuzz-journal-'));
    return {
      corpus,
      inputs,
      check: (input) => check(input, join(folder, 'journal.jsonl')),
      close: () => rm(folder, { recursive: true }),
    };
  },
};

async function check(input: Buffer, path: string): Promise<void> {
  writeFileSync(path, input);
  const outcome = await attemptAsync(['JOURNAL_DAMAGED'], () => verifyJournal(path));
  assert.ok(readFileSync(path).equals(input), 'a journal that was only read has changed');
  if ('refused' in outcome) return;
  const { entries, tornBytes, headHash } = outcome.accepted;
  const lines = input
    .subarray(0, input.length - tornBytes)
    .toString('utf8')
    .trimEnd()
    .split('\n');
  assert.equal(entries, lines.length);
  assert.ok(lines.at(-1)?.includes(headHash));
  // every line of it is sealed, and tells the one before it
  assert.ok(
    sealedAnew(lines.map((line) => JSON.parse(line) as JsonValue)).equals(Buffer.from(`${lines.join('\n')}\n`)),
  );
}

function mutatedEntries(random: Random, entries: readonly JsonValue[]): JsonValue[] {
  const at = random(entries.length);
  const entry = oneOf(random, entries);
  const mutated = entries.map((same, index) => (index === at ? mutateJson(random, same) : same));
  switch (random(5)) {
    case 0:
      return entries.filter((_, index) => index !== at);
    case 1:
      return [...entries.slice(0, at), entry, ...entries.slice(at)];
    default:
      return random(3) === 0 ? [...mutated, entry] : mutated;
  }
}

/** The chain made anew over entries as they are now. One that is none any more ends it: a signer cannot have written it. */
function sealedAnew(entries: readonly JsonValue[]): Buffer {
  let previous: JournalHead | null = null;
  const lines: string[] = [];
  for (const value of entries) {
    const parsed = journalEntrySchema.safeParse(value);
    if (!parsed.success) break;
    const sealed = seal(previous, parsed.data);
    if (sealed === null) break;
    lines.push(sealed.line);
    previous = sealed.entry;
  }
  return Buffer.from(lines.join(''));
}

function seal(previous: JournalHead | null, entry: JournalEntry) {
  const unsealed = Object.entries(entry).filter(([name]) => name !== 'hash');
  try {
    return sealEntry(previous, entry.at, Object.fromEntries(unsealed) as unknown as JournalBody);
  } catch {
    return null; // characters that no journal holds
  }
}
