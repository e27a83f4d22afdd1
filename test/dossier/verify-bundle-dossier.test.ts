import { describe, expect, test } from '@jest/globals';
import { explainVerification, requireApproved, requireKind, verifyDossier } from '../../src/dossier/index.js';
import { codeOf } from '../support/error-code.js';
import { createBundleFixture, type BundleDossierOptions } from '../support/bundle-fixture.js';
import { rejectionOf } from '../support/reject-code.js';
import { metadataText, signTargets } from '../support/factory-fixture.js';
import { tufKey } from '../support/tuf-key.js';

const it = createBundleFixture();
const { fixture } = it;
const { now, pins, keys } = fixture;
const DAY_MS = 24 * 60 * 60 * 1000;
const timeAt = (days: number): string => `${new Date(now.getTime() + days * DAY_MS).toISOString().slice(0, 19)}Z`;

const refusal = (options: BundleDossierOptions): Promise<string> =>
  rejectionOf(verifyDossier(it.dossier(options), pins, now));
const replaceBundle = (bundle: Buffer): BundleDossierOptions => ({
  parts: (parts) => ({ ...parts, bundle: bundle.toString('utf8') }),
});

describe('the dossier of an offline bundle in which all is right', () => {
  test('verifies, and says what may be installed from the stick', async () => {
    const verified = requireKind(await verifyDossier(it.dossier({ signedAt: now }), pins, now), 'bundle');
    requireApproved(verified);
    expect(verified).toMatchObject({
      summary: { type: 'prod', tag: 'production', version: 1, targetsVersion: 40, targets: [{ version: '40' }, {}] },
      quorum: { persons: ['alice', 'bob'], missing: 0 },
      signatures: [{ document: 0 }],
      bundle: { signatures: [{ keyid: keys.online.keyid }] },
    });
    const text = explainVerification(verified);
    expect(text).toContain('Offline bundle of 2 Target(s) for tag production of Factory acme');
    expect(text).toContain('A bearer artefact');
  });
});

describe('the dossier of an offline bundle is refused', () => {
  test.each<[string, () => BundleDossierOptions, string]>([
    [
      'other bytes than the change makes',
      () => replaceBundle(it.bundle({ version: 2 })),
      'CHANGES_DO_NOT_REPRODUCE /changes/0',
    ],
    [
      'a bundle that is not canonical as it stands',
      () => replaceBundle(Buffer.from(it.bundle().toString('utf8').replace('"version":1', '"version": 1'))),
      'NOT_CANONICAL /signed/version',
    ],
    [
      'a bundle that has targets too',
      () => replaceBundle(it.bundle({ more: { targets: it.targets.signed.targets } })),
      'METADATA_INVALID /signed/targets',
    ],
    [
      'a bundle that the Factory did not sign',
      () => replaceBundle(it.bundle({ signedBy: [] })),
      'BUNDLE_SIGNATURE_INVALID /signatures',
    ],
    [
      'a signature by a stranger, which spoils the bundle',
      () => replaceBundle(it.bundle({ signedBy: [keys.online, tufKey()] })),
      'BUNDLE_SIGNATURE_INVALID /signatures/1',
    ],
    [
      'a root key in the place of a targets key',
      () => replaceBundle(it.bundle({ signedBy: [keys.online, keys.root] })),
      'BUNDLE_SIGNATURE_INVALID /signatures/1',
    ],
    [
      'targets beside it that only the online key signed',
      () => ({
        parts: (parts) => ({
          ...parts,
          targets: { ...parts.targets, text: metadataText(signTargets(it.targets.signed, [keys.online])) },
        }),
      }),
      'THRESHOLD_NOT_MET (no pointer)',
    ],
    [
      'other targets beside it than the statement names',
      () => ({
        changeStatement: (statement) => ({
          ...statement,
          base: { ...statement.base, targets: { production: { version: 40, sha256: '0'.repeat(64) } } },
        }),
      }),
      'STATEMENT_BASE_MISMATCH /base/targets/production/sha256',
    ],
    [
      'targets of a tag that is not the bundle’s',
      () => ({ parts: (parts) => ({ ...parts, targets: { ...parts.targets, tag: 'devel' } }) }),
      'STATEMENT_BASE_MISMATCH /base/targets/production',
    ],
    [
      'a statement that says something else of the bundle',
      () => ({
        changeStatement: (statement) => ({ ...statement, documents: [{ ...statement.documents[0], length: 1 }] }),
      }),
      'STATEMENT_DOCUMENT_MISMATCH /documents/0/length',
    ],
    [
      'the online key as the one to sign with',
      () => ({
        changeStatement: (statement) => ({
          ...statement,
          documents: [{ ...statement.documents[0], sign: [keys.online.keyid] }],
        }),
      }),
      'SIGN_KEY_ONLINE /documents/0/sign/0',
    ],
    [
      'a key that has signed it already',
      () => replaceBundle(it.signed(it.bundle())),
      'SIGNATURE_DUPLICATE_KEYID /documents/0/sign',
    ],
  ])('with %s', async (_what, options, code) => {
    expect(await refusal(options())).toBe(code);
  });

  test('once the bundle has expired', async () => {
    const lines = it.dossier({ created: new Date(now.getTime() + 29.5 * DAY_MS) });
    const later = new Date(now.getTime() + 30 * DAY_MS + 60_000);
    expect(await rejectionOf(verifyDossier(lines, pins, later))).toBe('METADATA_EXPIRED /signed/expires');
  });
});

describe('the statement of an offline bundle is not written', () => {
  test.each<[string, BundleDossierOptions['bundle'], string]>([
    ['that would live longer than the policy allows', it.bundle({ expires: timeAt(31) }), 'EXPIRES_BEYOND_POLICY'],
    ['that has expired', it.bundle({ expires: timeAt(-1) }), 'BUNDLE_EXPIRES_INVALID'],
    [
      'of a Target that is not in the targets beside it',
      it.bundle({ targets: ['intel-corei7-64-lmp-42'] }),
      'BUNDLE_TARGET_UNKNOWN',
    ],
    ['of type ci', it.bundle({ type: 'ci' }), 'BUNDLE_TYPE'],
    ['for a tag that the targets beside it are not of', it.bundle({ tag: 'devel' }), 'STATEMENT_BASE_MISMATCH'],
  ])('for one %s', (_what, bundle, code) => {
    expect(codeOf(() => it.statement({ bundle: bundle ?? Buffer.alloc(0) }))).toBe(code);
  });

  test('unless the policy knows bundles', () => {
    const without = createBundleFixture({ changePolicy: (policy) => policy });
    expect(codeOf(() => without.statement())).toBe('KIND_NOT_ALLOWED');
  });
});
