import assert from 'node:assert/strict';
import {
  explainVerification,
  readDossierLines,
  requireApproved,
  verifyDossier,
  type VerifiedDossier,
} from '../../../src/dossier/index.js';
import { ERROR_CODES } from '../../../src/errors.js';
import { bundleSeeds } from '../bundle-seeds.js';
import { corpusOf } from '../corpus.js';
import { dossierSeeds, type DossierSeeds } from '../dossier-seeds.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { madeBy } from '../inputs.js';
import { mutateDossier } from '../mutate-dossier.js';
import { attemptAsync } from '../refusal.js';
import { rootSeeds } from '../root-seeds.js';

/** Signed dossiers and evidence with lines changed, moved, doubled, dropped, and put in from others. */
export const dossierTargets: readonly FuzzTarget[] = [
  dossierTarget('dossier', 20_000, dossierSeeds),
  dossierTarget('root-dossier', 10_000, rootSeeds),
  dossierTarget('bundle-dossier', 10_000, bundleSeeds),
];

function dossierTarget(name: string, share: number, seedsOf: () => DossierSeeds | Promise<DossierSeeds>): FuzzTarget {
  return {
    name,
    share,
    async open() {
      const seeds = await seedsOf();
      const approved = (await seeds.verified()).filter(
        ({ quorum, rejections }) => quorum.missing + rejections.length === 0,
      );
      const inputs = madeBy((random) => Buffer.from(mutateDossier(random, seeds.files).join('')));
      return { corpus: corpusOf(name), inputs, check: (input) => check(input, seeds, approved) };
    },
  };
}

async function check(input: Buffer, { pins, now }: DossierSeeds, approved: readonly VerifiedDossier[]): Promise<void> {
  const codes = ERROR_CODES.filter((code) => code !== 'INTERNAL');
  const outcome = await attemptAsync(codes, () => verifyDossier(readDossierLines([input]), pins, now));
  if ('refused' in outcome) return;
  const verified = outcome.accepted;
  assert.ok(explainVerification(verified).length > 0);
  const vote = await attemptAsync(['QUORUM_NOT_MET', 'REJECTED'], () =>
    Promise.resolve().then(() => requireApproved(verified)),
  );
  if ('refused' in vote) return;
  // Whatever was changed: what is approved is what officers approved, and nothing is signed that the key did not sign.
  const originals = approved.filter(({ statementText }) => statementText === verified.statementText);
  const [original] = originals;
  assert.ok(original !== undefined, 'another statement is approved');
  assert.deepEqual(verified.documents, original.documents, 'other documents are approved');
  assert.deepEqual(verified.summary, original.summary, 'officers would read something else');
  const known = new Set(originals.flatMap(({ quorum }) => quorum.persons));
  assert.ok(
    verified.quorum.persons.every((person) => known.has(person)),
    'somebody counts who did not approve',
  );
  const made = originals.flatMap(signaturesIn);
  assert.ok(
    signaturesIn(verified).every((sig) => made.includes(sig)),
    'a signature that nobody made',
  );
  if (verified.journal !== undefined) {
    const { head } = verified.journal;
    assert.ok(
      originals.some(({ journal }) => journal?.head.hash === head.hash),
      'a journal that no signer wrote',
    );
  }
}

/** Those made in tokens and, of a root update, those from outside. */
function signaturesIn(dossier: VerifiedDossier): string[] {
  const externals = dossier.kind === 'root' ? dossier.externals : [];
  return [...dossier.signatures, ...externals].map(({ sig }) => sig);
}
