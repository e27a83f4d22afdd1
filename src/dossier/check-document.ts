import { CountersignError } from '../errors.js';
import { applyWave, jsonPointer, readWaveChanges, type WaveBase } from '../factory/index.js';
import type { KindRules } from '../policy/index.js';
import { sha256Hex } from '../tuf/index.js';
import type { WaveStatement, WaveStatementDocument } from './wave-statement.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Checks the one document of a Wave: the approved changes, applied to the verified base, give it byte for byte;
 * and what the statement says of it is true.
 *
 * @param bytes the document in the dossier
 * @throws CHANGES_DO_NOT_REPRODUCE the changes give other bytes
 * @throws STATEMENT_DOCUMENT_MISMATCH the statement says something of the document that is not so
 * @throws EXPIRES_BEYOND_POLICY, WAVE_EXPIRES_INVALID and what applyWave throws
 */
export function checkDocument(statement: WaveStatement, bytes: Buffer, base: WaveBase, rules: KindRules): void {
  const [entry] = statement.documents;
  const expected = applyWave(statement.changes, entry.tag, base);
  if (!expected.equals(bytes)) {
    throw new CountersignError(
      'CHANGES_DO_NOT_REPRODUCE',
      'the changes of the statement give another document than the one in the dossier',
      {
        pointer: '/changes',
        hint: 'Do not approve it: what would be signed is not what the statement says.',
      },
    );
  }
  const { version, expires } = readWaveChanges(statement.changes);
  requireEntry(entry, { version, expires, length: bytes.length, sha256: sha256Hex(bytes) });
  checkDocumentExpires(statement, rules);
}

/** @throws EXPIRES_BEYOND_POLICY, WAVE_EXPIRES_INVALID */
export function checkDocumentExpires({ created, documents }: WaveStatement, { maxExpiresDays }: KindRules): void {
  const { expires } = documents[0];
  const lifetimeMs = Date.parse(expires) - Date.parse(created);
  const where = { pointer: '/documents/0/expires', details: { expires, created, maxExpiresDays } };
  if (lifetimeMs <= 0) {
    throw new CountersignError('WAVE_EXPIRES_INVALID', 'the Wave expires before it was asked for', where);
  }
  if (lifetimeMs > maxExpiresDays * DAY_MS) {
    throw new CountersignError(
      'EXPIRES_BEYOND_POLICY',
      `the Wave expires later than the ${maxExpiresDays} days after the request that the policy allows`,
      where,
    );
  }
}

function requireEntry(
  entry: WaveStatementDocument,
  actual: Pick<WaveStatementDocument, 'version' | 'expires' | 'length' | 'sha256'>,
): void {
  for (const member of ['version', 'expires', 'length', 'sha256'] as const) {
    if (entry[member] === actual[member]) continue;
    throw new CountersignError(
      'STATEMENT_DOCUMENT_MISMATCH',
      `the document has ${member} ${actual[member]}, the statement says ${entry[member]}`,
      { pointer: jsonPointer('documents', 0, member) },
    );
  }
}
