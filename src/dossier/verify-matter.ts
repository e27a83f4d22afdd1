import { describeWave } from '../factory/index.js';
import { parseTargets } from '../tuf/index.js';
import { checkBase, type DossierBase } from './check-base.js';
import { checkDocument } from './check-document.js';
import { checkSign } from './check-sign.js';
import type { Pins } from './pins.js';
import { Recall } from './recall.js';
import { requireKind } from './require-kind.js';
import type { VerifiedWaveDossier } from './verified-dossier.js';
import { authorityKey, type Authority, type AuthorityTexts } from './verify-authority.js';

/** The lines of a dossier that hold what a statement is about. */
export interface WaveMatterTexts {
  readonly ciTargets: string;
  readonly productionTargets: { readonly tag: string; readonly text: string } | null;
  readonly document: string;
}

/** What a statement is about: the document, made from the verified base by the statement's changes. */
export interface WaveMatter extends Pick<VerifiedWaveDossier, 'base' | 'wave' | 'summary'> {
  readonly documents: readonly [VerifiedWaveDossier['documents'][number]];
}

/** A Factory's CI targets are the largest part, often of some megabytes, and take four times that once they are parsed. */
const recall = new Recall<WaveMatter>(32 * 1024 * 1024);

/**
 * Verifies base, document and signing keys of a statement whose authority is verified. A pure function of its arguments
 * (the authority follows from its texts and the pins), remembered for the same ones.
 *
 * @throws STATEMENT_BASE_MISMATCH, STATEMENT_DOCUMENT_MISMATCH, CHANGES_DO_NOT_REPRODUCE, WAVE_*, EXPIRES_BEYOND_POLICY, SIGN_KEY_*,
 *   THRESHOLD_NOT_MET, SIGNATURE_DUPLICATE_KEYID and what parseTargets throws
 */
export function verifyWaveMatter(
  texts: WaveMatterTexts,
  authority: Authority,
  of: AuthorityTexts,
  pins: Pins,
): WaveMatter {
  const { ciTargets, productionTargets, document } = texts;
  const own = [ciTargets, productionTargets?.tag ?? null, productionTargets?.text ?? null, document];
  return recall.get([...authorityKey(of, pins), ...own], () => compute(texts, authority));
}

function compute({ ciTargets, productionTargets, document }: WaveMatterTexts, authority: Authority): WaveMatter {
  const { roots, rules } = authority;
  const statement = requireKind(authority.statement, 'wave');
  const base: DossierBase = {
    roots,
    ciTargets: parseTargets(Buffer.from(ciTargets, 'utf8')),
    productionTargets: productionTargets && {
      tag: productionTargets.tag,
      metadata: parseTargets(Buffer.from(productionTargets.text, 'utf8')),
    },
  };
  const onlineKeyids = checkBase(statement, base);
  const waveBase = {
    ciTargets: base.ciTargets.signed,
    productionTargets: base.productionTargets?.metadata.signed ?? null,
  };
  const bytes = Buffer.from(document, 'utf8');
  checkDocument(statement, bytes, waveBase, rules);
  const [entry] = statement.documents;
  checkSign(entry.sign, onlineKeyids, roots.production.signed);
  return {
    base: { ciTargets: base.ciTargets, productionTargets: base.productionTargets?.metadata ?? null },
    documents: [{ entry, bytes }],
    wave: { name: entry.wave, tag: entry.tag, version: entry.version },
    summary: describeWave(statement.changes, entry.tag, waveBase),
  };
}
