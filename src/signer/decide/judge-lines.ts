import type { BaseDocument, VerifiedDossier, VerifiedRootDossier, VerifiedWaveDossier } from '../../dossier/index.js';
import type { DocumentLine, JournalBodyOf, SignerState, VersionDigest } from '../journal/index.js';
import { newActiveWave, newBase } from './base.js';
import { requireAboveWatermarks } from './watermarks.js';

/**
 * Base and watermarks, document by document.
 *
 * @returns what was learnt of what is published
 * @throws STALE_BASE, WATERMARK_PUBLISHED, WATERMARK_ISSUED
 */
export function judgeLines(dossier: VerifiedDossier, state: SignerState): JournalBodyOf<'published'>[] {
  switch (dossier.kind) {
    case 'wave':
      return judgeWave(dossier, state);
    case 'root':
      return judgeRoot(dossier, state);
    case 'bundle':
      return []; // recorded, not ordered: a bundle may go with older targets, and takes the place of no other one
  }
}

function judgeWave({ base, statement }: VerifiedWaveDossier, state: SignerState): JournalBodyOf<'published'>[] {
  const record: JournalBodyOf<'published'>[] = [];
  const supersedes = statement.supersedes?.documents ?? [];
  const targets = base.productionTargets;
  const built = targets === null ? null : { version: targets.signed.version, sha256: targets.sha256 };
  for (const [index, { repository, role, tag, version, sha256 }] of statement.documents.entries()) {
    const line: DocumentLine = { factory: statement.factory, repository, role, tag };
    const mark = state.watermarkOf(line);
    record.push(...newBase(built, line, mark));
    requireAboveWatermarks([{ index, document: { version, sha256 }, mark, base: built, supersedes }]);
  }
  return record;
}

/**
 * The two roots have lines of their own. All targets of the Factory are looked at, also those that are not signed again: nothing may be
 * built on older ones any more. What is signed again is among them, byte for byte, and so at its published version.
 */
function judgeRoot({ base, roots, statement }: VerifiedRootDossier, state: SignerState): JournalBodyOf<'published'>[] {
  const { factory } = statement;
  const supersedes = statement.supersedes?.documents ?? [];
  const questions = statement.documents.flatMap(({ repository, role, version, sha256 }, index) => {
    if (role === 'targets') return [];
    const mark = state.watermarkOf({ factory, repository, role, tag: null });
    const base: VersionDigest = { version: roots[repository].signed.version, sha256: roots[repository].sha256 };
    return [{ index, document: { version, sha256 }, mark, base, supersedes }];
  });
  requireAboveWatermarks(questions);
  return base.documents.flatMap((document) => judgeBase(document, factory, state));
}

function judgeBase(
  { tag, wave, version, sha256 }: BaseDocument,
  factory: string,
  state: SignerState,
): JournalBodyOf<'published'>[] {
  const line: DocumentLine = { factory, repository: 'production', role: 'targets', tag };
  const mark = state.watermarkOf(line);
  return wave === null ? newBase({ version, sha256 }, line, mark) : newActiveWave({ version, sha256 }, line, mark);
}
