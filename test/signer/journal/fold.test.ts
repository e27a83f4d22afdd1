import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JournalBody, JournalEntry } from '../../../src/signer/journal/entry.js';
import { sealEntry } from '../../../src/signer/journal/line.js';
import { verifyJournal } from '../../../src/signer/journal/verify-journal.js';
import { serializePolicy } from '../../../src/policy/index.js';
import { serializeMetadata } from '../../../src/tuf/index.js';
import { rejectionOf } from '../../support/reject-code.js';
import { nextPolicy, nextRoots, signerBench, type SignerBench } from '../../support/signer-bench.js';

let bench: SignerBench;
beforeEach(async () => {
  bench = await signerBench();
});
afterEach(async () => bench.remove());

/** Appends lines that are right in themselves, behind the signer's back, and reads the journal. */
async function afterForging(...bodies: readonly JournalBody[]): Promise<string> {
  let text = readFileSync(bench.journalPath, 'utf8');
  let head: JournalEntry | typeof bench.journal.state.head = bench.journal.state.head;
  for (const body of bodies) {
    const sealed = sealEntry(head, head.at, body);
    head = sealed.entry;
    text += sealed.line;
  }
  writeFileSync(bench.journalPath, text);
  return rejectionOf(verifyJournal(bench.journalPath));
}

const root = (index: number, more: object = {}): JournalBody => {
  const chain = nextRoots(bench).production;
  const metadata = chain[index];
  if (metadata === undefined) throw new Error('there is no such root');
  const { version } = metadata.signed;
  const text = serializeMetadata(metadata).toString('utf8');
  return { type: 'root', factory: 'acme', repository: 'production', version, sha256: metadata.sha256, text, ...more };
};

const policy = (more: object = {}): JournalBody => {
  const next = nextPolicy(bench);
  return { type: 'policy', version: 2, sha256: next.sha256, text: serializePolicy(next), ...more };
};

const intent: JournalBody = {
  type: 'intent',
  factory: 'acme',
  kind: 'wave',
  id: 'req_x',
  statement: 'a'.repeat(64),
  policy: 1,
  persons: ['alice', 'bob'],
  documents: [
    {
      index: 0,
      repository: 'production',
      role: 'targets',
      tag: 'production',
      version: 42,
      sha256: 'b'.repeat(64),
      length: 2,
      sign: [{ keyid: 'k', key: 'k' }],
    },
  ],
};
const signature = (more: object = {}): JournalBody => ({
  type: 'signature',
  statement: 'a'.repeat(64),
  document: 0,
  keyid: 'k',
  method: 'ed25519',
  sig: 'c2ln',
  ...more,
});

describe('the fold of a journal', () => {
  it('takes what follows from the lines before', async () => {
    const good = [policy(), root(0), root(1), root(2), root(3), intent, signature()];
    await expect(afterForging(...good)).resolves.toBe('RESOLVED');
  });

  it.each<[string, () => JournalBody[]]>([
    ['a second beginning', () => [{ type: 'init', format: 1, service: '0'.repeat(64), roots: {} }]],
    ['a policy that is another one than its digest says', () => [policy({ sha256: '0'.repeat(64) })]],
    ['a policy of another version than it says', () => [policy({ version: 3 })]],
    ['a policy that came before', () => [policy(), policy()]],
    ['a first root that is not the pinned one', () => [root(1)]],
    ['a root that leaves one out', () => [root(0), root(2)]],
    ['a root that is another one than its digest says', () => [root(0, { sha256: '0'.repeat(64) })]],
    ['a root of a Factory that was not pinned', () => [root(0, { factory: 'other' })]],
    ['a root that is none', () => [root(0, { text: '{}' })]],
    ['a second intent for one statement', () => [intent, intent]],
    ['a signature that no intent asked for', () => [signature()]],
    ['a signature by a key that the intent does not name', () => [intent, signature({ keyid: 'other' })]],
    ['a signature over a document that the intent does not name', () => [intent, signature({ document: 1 })]],
    ['a signature that was made before', () => [intent, signature(), signature({ sig: 'b3RoZXI=' })]],
  ])('refuses %s', async (_, bodies) => {
    await expect(afterForging(...bodies())).resolves.toMatch(/^JOURNAL_DAMAGED/);
  });

  it('ends a journal that was made to write what does not follow', async () => {
    await expect(rejectionOf(bench.journal.append(bench.now, [signature()]))).resolves.toMatch(/^JOURNAL_WRITE_FAILED/);
    expect(bench.journal.failure).not.toBeNull();
  });
});
