import type { BundleStatement, DossierSignature, JournalLine, WaveStatement } from '../../src/dossier/index.js';
import type { JournalBody } from '../../src/signer/journal/index.js';
import { sealEntry } from '../../src/signer/journal/line.js';
import { sha256Hex } from '../../src/tuf/index.js';

export interface JournalOf {
  readonly statement: WaveStatement | BundleStatement;
  readonly text: string;
  readonly persons?: readonly string[];
  readonly signatures: readonly DossierSignature[];
  /** Changes what is written, before it is sealed. */
  readonly change?: (bodies: JournalBody[]) => JournalBody[];
  /** `YYYY-MM-DDTHH:MM:SSZ`; the first signature's time unless given. */
  readonly decidedAt?: string;
}

const BEFORE = { seq: 41, hash: 'ab'.repeat(32), at: '2026-01-01T00:00:00Z' };

/** What a signer's journal holds of a statement, as a signer would have written it; anything else becomes a hash. */
export function journalLines({ statement, text, persons, signatures, change, decidedAt }: JournalOf): JournalLine[] {
  const sha256 = sha256Hex(text);
  const [entry] = statement.documents;
  const { repository, role, tag, version, length } = entry;
  const bodies: JournalBody[] = [
    {
      type: 'intent',
      factory: statement.factory,
      kind: statement.kind,
      id: statement.id,
      statement: sha256,
      policy: statement.policy.version,
      persons: [...(persons ?? ['alice', 'bob'])],
      documents: [
        {
          ...{ index: 0, repository, role, tag, version, sha256: entry.sha256, length },
          sign: entry.sign.map((keyid) => ({ keyid, key: keyid })),
        },
      ],
    },
    ...signatures.map(({ document, keyid, method, sig }): JournalBody => ({
      ...{ type: 'signature', statement: sha256, document, keyid, method, sig },
    })),
  ];
  let previous = BEFORE;
  return (change?.(bodies) ?? bodies).map((body) => {
    const time = signatures[0]?.signedAt ?? BEFORE.at;
    const sealed = sealEntry(previous, body.type === 'signature' ? time : (decidedAt ?? time), body);
    const { seq, prev, hash, at } = sealed.entry;
    previous = { seq, hash, at };
    const own = body.type === 'intent' || body.type === 'signature';
    return own ? { type: 'journal', text: sealed.line.trimEnd() } : { type: 'journal-hash', seq, prev, hash };
  });
}
