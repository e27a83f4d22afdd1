import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  explainVerification,
  parsePins,
  requireApproved,
  requireKind,
  verifyDossier,
} from '../../src/dossier/index.js';

const read = (name: string): Buffer => readFileSync(new URL(`./golden/${name}`, import.meta.url));
const linesOf = (name: string): string[] => read(name).toString('utf8').trimEnd().split('\n');
const pins = parsePins(read('pins.json'));
/** Everything in these files has expired long since. */
const YEARS_LATER = new Date('2046-11-22T00:00:00Z');

/** These files were written once and are never written again: what an auditor keeps has to be readable for ever. */
describe('files of format 1', () => {
  test('without the journal verify years later', async () => {
    const verified = requireKind(await verifyDossier(linesOf('format-1.dossier'), pins, YEARS_LATER), 'wave');
    requireApproved(verified);
    expect(verified).toMatchObject({
      statementSha256: 'a3089f74ce27c2b0cfcf3c81d9ddc9ea90ee22f897eca408d1a6683d87848076',
      wave: { name: 'w42', tag: 'production', version: 42 },
      quorum: { persons: ['alice', 'bob'], missing: 0 },
      signatures: [{ signedAt: '2026-11-22T16:00:00Z' }],
      judgedAt: new Date('2026-11-22T16:00:00Z'),
      judgedBy: 'signer-claim',
    });
    expect(verified.published?.threshold.signed).toHaveLength(2);
    expect(verified.journal).toBeUndefined();
  });

  test('with the journal verify years later, and say in which order it went', async () => {
    const verified = await verifyDossier(linesOf('format-1.evidence'), pins, YEARS_LATER);
    requireApproved(verified);
    expect(verified.journal).toMatchObject({
      intent: { seq: 10, persons: ['alice', 'bob'] },
      signatures: [{ seq: 11 }],
      head: { seq: 11, hash: 'd85ebcfa8b961e7b04df4e483bd8b0bde1b49677624ea364caf29d7d0a7fe2b8' },
      others: 0,
    });
    expect(explainVerification(verified)).toContain('entry 10  decided to sign this very statement');
  });

  test('about roots verify years later, with signatures from outside', async () => {
    const rootPins = parsePins(read('pins-root.json'));
    const verified = requireKind(await verifyDossier(linesOf('format-1-root.dossier'), rootPins, YEARS_LATER), 'root');
    requireApproved(verified);
    expect(verified).toMatchObject({
      statementSha256: '333dc47f45a0298f40a8dd2f3967cecbf2f774554f5de26a2661c10d206f55b9',
      summary: { previousVersion: 3, version: 4, documents: [{ tag: 'devel' }, { tag: 'production' }] },
      externals: [{ document: 0 }, { document: 1 }],
      missingSigners: [],
      published: { roots: { ci: { signed: { version: 4 } }, production: { signed: { version: 4 } } } },
    });
    expect(verified.signatures).toHaveLength(6);
  });

  test('about an offline bundle verify years later, with the journal', async () => {
    const bundlePins = parsePins(read('pins-bundle.json'));
    const lines = linesOf('format-1-bundle.evidence');
    const verified = requireKind(await verifyDossier(lines, bundlePins, YEARS_LATER), 'bundle');
    requireApproved(verified);
    expect(verified).toMatchObject({
      statementSha256: 'f81beea008f2dfd9d628468acc944441b9c7b3f1f0ccc16cd92dfb39d1313a0d',
      summary: {
        ...{ type: 'prod', tag: 'production', version: 1, expires: '2026-12-22T16:00:00Z', targetsVersion: 42 },
        targets: [{ target: 'intel-corei7-64-lmp-42' }, { target: 'raspberrypi4-64-lmp-42' }],
      },
      signatures: [{ signedAt: '2026-11-22T16:00:00Z' }],
      journal: {
        intent: { seq: 12, persons: ['alice', 'bob'] },
        head: { seq: 13, hash: '45af03a063975acecde4e6406cfd260744ab89c5aa13566d6bd93b741ab290b1' },
      },
    });
    expect(explainVerification(verified)).toContain('entry 12  decided to sign this very statement');
  });
});
