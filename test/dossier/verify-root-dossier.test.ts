import { beforeAll, describe, expect, test } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  explainVerification,
  requireApproved,
  requireKind,
  verifyDossier,
  writeRootDossier,
  type ExternalSignature,
  type RootDossierParts,
  type RootStatement,
} from '../../src/dossier/index.js';
import type { RootChange, TargetsDocument } from '../../src/factory/index.js';
import { factoryOf } from '../../src/policy/index.js';
import { signTargets } from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';
import { addKey, CHANGELOG, KEYS, newKey, removeKey, replaceKey, targetsDocument } from '../support/root-base.js';
import {
  createRootFixture,
  type FixtureUpdate,
  type RootDossierOptions,
  type RootFixture,
  type RootFixtureOptions,
} from '../support/root-fixture.js';
import { tufKey } from '../support/tuf-key.js';

const ZEROS = '0'.repeat(64);
const [first, second, third] = KEYS.root;
const [targets, otherTargets] = KEYS.targets;
const [spare, otherSpare] = KEYS.spare;
const { online } = KEYS;
/** What most tests ask for: another targets key, with everything in production signed again. */
const ROTATE_TARGETS = [replaceKey('targets', targets, spare), CHANGELOG];
/** The old root key signs from outside. */
const RETIRE_ROOT = [replaceKey('root', first, spare), CHANGELOG];

async function verify(fixture: RootFixture, options: RootDossierOptions) {
  return requireKind(await verifyDossier(await fixture.dossier(options), fixture.pins, fixture.now), 'root');
}

async function refusal(fixture: RootFixture, options: RootDossierOptions): Promise<string> {
  return rejectionOf(verify(fixture, options));
}

function signsOf({ statement }: FixtureUpdate) {
  return statement.documents.map(({ sign }) => sign);
}

describe('the dossier of a root update in which all is right', () => {
  test('says what was approved, by whom, and what is signed again', async () => {
    const fixture = createRootFixture();
    const update = await fixture.update(ROTATE_TARGETS);
    const verified = await verify(fixture, { update });
    requireApproved(verified);
    expect(verified).toMatchObject({
      kind: 'root',
      statement: update.statement,
      quorum: { persons: ['alice', 'bob'], missing: 0 },
      summary: { previousVersion: 3, version: 4, documents: [{ tag: 'production', adopted: null }] },
      base: { documents: [{ tag: 'production', wave: null, version: 42, signedBy: [targets.keyid, online.keyid] }] },
      onlineTargetsKeyids: { before: online.keyid, after: online.keyid },
      next: { ci: { version: 4 }, production: { version: 4 } },
      signers: { keyids: [first.keyid] },
      externals: [],
      missingSigners: [],
    });
    expect(verified.documents.map(({ entry }) => [entry.role, entry.repository, entry.sign])).toEqual([
      ['root', 'ci', [first.keyid]],
      ['root', 'production', [first.keyid]],
      ['targets', 'production', [spare.keyid]],
    ]);
    expect(verified.documents[2]?.bytes).toEqual(fixture.documents[0]?.metadata.signedBytes);
  });

  test('needs no signature of the targets key that goes: root replaces a lost one alone', async () => {
    const fixture = createRootFixture();
    const update = await fixture.update(ROTATE_TARGETS);
    expect(signsOf(update).flat()).not.toContain(targets.keyid);
    expect((await verify(fixture, { update, signedAt: fixture.now })).signatures).toHaveLength(3);
  });

  test('holds with RSA keys', async () => {
    const rsa = tufKey('RSA');
    const fixture = createRootFixture({ newKeys: [rsa] });
    const update = await fixture.update([replaceKey('targets', targets, rsa), CHANGELOG]);
    const { signatures } = await verify(fixture, { update, signedAt: fixture.now });
    expect(signatures.map(({ method }) => method)).toEqual(['ed25519', 'ed25519', 'rsassa-pss-sha256']);
  });

  test('retires the first root key of a new Factory, whose production root is the CI root', async () => {
    const fixture = createRootFixture({ version: 2, documents: [] });
    const update = await fixture.update(RETIRE_ROOT, { outside: [first] });
    expect(signsOf(update)).toEqual([[spare.keyid], [spare.keyid]]);
    const lacking = await verify(fixture, { update });
    expect(lacking.missingSigners).toEqual([
      { document: 0, missing: 1, keyids: [first.keyid] },
      { document: 1, missing: 1, keyids: [first.keyid] },
    ]);
    expect(lacking.signers.keyids).toEqual([spare.keyid, first.keyid]);
    expect(explainVerification(lacking)).toContain('STILL LACKING');
    const whole = await verify(fixture, { update, externals: [first], signedAt: fixture.now });
    expect(whole).toMatchObject({ missingSigners: [], externals: [{ document: 0 }, { document: 1 }] });
    expect(whole.next.production.roles['targets']).toMatchObject({ threshold: 2 });
  });

  test('brings the first offline targets key to a Factory without production targets', async () => {
    const fixture = createRootFixture({ targets: [], documents: [] });
    const update = await fixture.update([addKey('targets', targets), CHANGELOG]);
    expect((await verify(fixture, { update })).documents).toHaveLength(2);
  });

  test('adopts what only the Factory has signed, and shows all of it', async () => {
    const documents = [targetsDocument('production', [online])];
    for (const version of [2, 3] as const) {
      const fixture = createRootFixture({ version, targets: [], documents });
      const update = await fixture.update([addKey('targets', targets), CHANGELOG], { adopts: () => true });
      const { summary } = await verify(fixture, { update });
      expect(summary.documents[0]?.adopted).toEqual(documents[0]?.metadata.signed);
      expect(summary.warnings).toContainEqual(expect.objectContaining({ kind: 'documents-adopted' }));
    }
  });

  test('is signed by 2 of 3 root keys', async () => {
    const fixture = createRootFixture({ root: [first, second, third], rootThreshold: 2 });
    const update = await fixture.update(ROTATE_TARGETS, { sign: [first, third] });
    expect(await verify(fixture, { update, publishedBy: [first, third] })).toMatchObject({
      published: { roots: { production: { signed: { version: 4 } } } },
    });
    expect(await refusal(fixture, { update, publishedBy: [first] })).toMatch(/^THRESHOLD_NOT_MET /);
  });

  test('keeps the signature of a second offline targets key that stays, with production threshold 3', async () => {
    const documents = [targetsDocument('production', [targets, otherTargets, online])];
    const fixture = createRootFixture({ targets: [targets, otherTargets], productionThreshold: 3, documents });
    const update = await fixture.update(ROTATE_TARGETS);
    expect(signsOf(update)[2]).toEqual([spare.keyid]);
    await verify(fixture, { update });
  });

  test('signs active Waves again too, and leaves them as they are where it need not', async () => {
    const documents = [
      targetsDocument('devel', [targets, online]),
      targetsDocument('production', [targets, online]),
      targetsDocument('production', [targets, online], { wave: 'w43', version: 43 }),
    ];
    const fixture = createRootFixture({ documents });
    const more = await fixture.update([addKey('targets', spare), CHANGELOG], { also: [spare.keyid] });
    const verified = await verify(fixture, { update: more, signedAt: fixture.now });
    expect(verified.documents.slice(2).map(({ entry }) => 'wave' in entry && [entry.tag, entry.wave])).toEqual([
      ['devel', null],
      ['production', null],
      ['production', 'w43'],
    ]);
    expect(explainVerification(verified)).toContain('Wave w43');
    const root = await verify(fixture, { update: await fixture.update([addKey('root', spare), CHANGELOG]) });
    expect(root.documents).toHaveLength(2);
    expect(root.base.documents).toHaveLength(3);
  });

  test('follows roots and CI targets that have expired: new roots are what mends that', async () => {
    const fixture = createRootFixture({
      expires: '2026-11-01T00:00:00Z',
      changeCiTargets: ({ signed }) => signTargets({ ...signed, expires: '2026-11-01T00:00:00Z' }, [online]),
    });
    const changes: RootChange[] = [{ op: 'set-expires', expires: '2027-11-22T16:00:00Z' }, CHANGELOG];
    await verify(fixture, { update: await fixture.update(changes) });
  });

  test('verifies for years with signatures and published roots, and says so', async () => {
    const fixture = createRootFixture();
    const update = await fixture.update(ROTATE_TARGETS);
    const lines = await fixture.dossier({ update, signedAt: fixture.now, publishedBy: [first] });
    const verified = requireKind(await verifyDossier(lines, fixture.pins, new Date('2036-01-01T00:00:00Z')), 'root');
    expect(verified).toMatchObject({
      judgedBy: 'signer-claim',
      published: { roots: { ci: { signed: { version: 4 } } } },
    });
    const text = explainVerification(verified);
    for (const part of [
      'Root update: version 3 -> 4',
      'not extractable',
      'production targets production',
      'published',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test('is read as it was when it comes again, and not when its base or its documents are others', async () => {
    const fixture = createRootFixture();
    const update = await fixture.update(ROTATE_TARGETS);
    const once = await verify(fixture, { update });
    expect(await verify(fixture, { update })).toEqual(once);
    expect(await refusal(fixture, { update, parts: (it) => ({ ...it, targets: [] }) })).toMatch(
      /^STATEMENT_BASE_MISMATCH /,
    );
    expect((await verify(fixture, { update, approvals: ['carol'] })).quorum).toMatchObject({ missing: 1 });
  });

  test('holds one targets document at a time, and of those to be signed again the bytes', async () => {
    const documents = Array.from({ length: 1000 }, (_, index) =>
      targetsDocument(`tag-${String(index).padStart(4, '0')}`, [targets, online], { entries: 12 }),
    );
    const fixture = createRootFixture({ documents });
    const update = await fixture.update(ROTATE_TARGETS);
    const parts = fixture.parts({ update });
    setFlagsFromString('--expose_gc');
    const gc = runInNewContext('gc') as () => void;
    const heap: number[] = [];
    let length = 0;
    async function* lines() {
      for await (const line of writeRootDossier(parts)) {
        length += line.length;
        if (line.startsWith('{"type":"targets"') && heap.length % 100 === 0) gc();
        if (line.startsWith('{"type":"targets"')) heap.push(process.memoryUsage().heapUsed);
        yield line;
      }
    }
    const verified = requireKind(await verifyDossier(lines(), fixture.pins, fixture.now), 'root');
    expect(verified.documents).toHaveLength(1002);
    const [before, after] = [heap[100] ?? 0, heap[1000] ?? 0];
    // parsed, the values of 900 documents would take several times their length
    expect(after - before).toBeLessThan(length / 2);
  });
});

describe('what a root update says', () => {
  let fixture: RootFixture;
  let update: FixtureUpdate;

  beforeAll(async () => {
    fixture = createRootFixture({
      documents: [targetsDocument('devel', [targets, online]), targetsDocument('production', [targets, online])],
    });
    update = await fixture.update(ROTATE_TARGETS);
  });

  async function stated(change: (it: RootStatement) => unknown): Promise<string> {
    return refusal(fixture, { update: await fixture.update(ROTATE_TARGETS, { changeStatement: change }) });
  }

  async function arranged(change: (parts: RootDossierParts) => Partial<RootDossierParts>): Promise<string> {
    return refusal(fixture, { update, parts: (parts) => ({ ...parts, ...change(parts) }) });
  }

  const changed = (it: RootStatement, change: (changes: RootChange[]) => RootChange[]) => ({
    ...it,
    changes: change(it.changes),
  });

  test.each<[string, (parts: RootDossierParts) => Partial<RootDossierParts>]>([
    ['CI root', ({ documents: [ci, production] }) => ({ documents: [swapByte(ci), production] })],
    ['production root', ({ documents: [ci, production] }) => ({ documents: [ci, swapByte(production)] })],
  ])('is what makes its %s, to the last byte', async (_, change) => {
    expect(await arranged(change)).toBe('CHANGES_DO_NOT_REPRODUCE /changes');
  });

  test.each<[string, (it: RootStatement) => unknown, string]>([
    [
      'one change more',
      (it) => changed(it, (changes) => [addKey('root', otherSpare), ...changes].sort(byOp)),
      'CHANGES_DO_NOT_REPRODUCE /changes',
    ],
    [
      'a change that changes nothing',
      (it) => changed(it, (changes) => [...changes, setExpires(fixture.base.ci.expires)].sort(byOp)),
      'CHANGES_DO_NOT_REPRODUCE /changes',
    ],
    [
      'nothing of a document that would lose its signatures',
      (it) => changed(it, (changes) => changes.filter(({ op }) => op !== 're-sign')),
      'RE_SIGN_MISSING (no pointer)',
    ],
    [
      'a document that the Factory does not have',
      (it) =>
        changed(it, (changes) =>
          changes.map((change) => (change.op === 're-sign' ? { ...change, tags: [...change.tags, 'zoo'] } : change)),
        ),
      'RE_SIGN_DOCUMENT_UNKNOWN (no pointer)',
    ],
  ])('is neither more nor less than what is done: not %s', async (_, change, code) => {
    expect(await stated(change)).toBe(code);
  });

  test.each<[string, (it: RootStatement) => unknown, string]>([
    ['none', (it) => ({ ...it, keys: [] }), 'STATEMENT_KEYS_MISMATCH /keys/0'],
    ['one twice', (it) => ({ ...it, keys: [...it.keys, ...it.keys] }), 'STATEMENT_KEYS_MISMATCH /keys/1'],
    [
      'another',
      (it) => ({ ...it, keys: [fixture.statementKey(otherSpare, 'targets')] }),
      'STATEMENT_KEYS_MISMATCH /keys/0',
    ],
    [
      'one of another role',
      (it) => ({ ...it, keys: [fixture.statementKey(spare, 'root')] }),
      'STATEMENT_KEYS_MISMATCH /keys/0',
    ],
    ['one of another type', (it) => keyed(it, { keytype: 'RSA' }), 'STATEMENT_KEYS_MISMATCH /keys/0'],
    [
      'one that is extractable',
      (it) => attributed(it, { extractable: true }),
      'KEY_ATTRIBUTES /keys/0/attributes/extractable',
    ],
    [
      'one that can be read out',
      (it) => attributed(it, { sensitive: false }),
      'KEY_ATTRIBUTES /keys/0/attributes/sensitive',
    ],
    ['one that was imported', (it) => attributed(it, { local: false }), 'KEY_ATTRIBUTES /keys/0/attributes/local'],
    [
      'one in a token for root',
      (it) => keyed(it, { token: { label: 'root', serial: '0001' } }),
      'KEY_ROLE_MISMATCH /keys/0/token',
    ],
    [
      'one in a token of that name',
      (it) => keyed(it, { token: { label: 'targets', serial: '0002' } }),
      'KEY_ROLE_MISMATCH /keys/0/token',
    ],
  ])('has just the keys that are new, kept for good: not %s', async (_, change, code) => {
    expect(await stated(change)).toBe(code);
  });

  test('may have keys of which the token does not say how it keeps them', async () => {
    const silent = { sensitive: null, extractable: null, alwaysSensitive: null, neverExtractable: null, local: null };
    expect(await stated((it) => attributed(it, silent))).toBe('RESOLVED');
  });

  test.each<[string, () => RootStatement['keys'][0]['proof']]>([
    ['by another key', () => fixture.statementKey(otherSpare, 'targets', { keyid: spare.keyid }).proof],
    ['for another keyid', () => fixture.statementKey(spare, 'targets', { keyid: otherSpare.keyid }).proof],
    ['for another Factory', () => fixture.statementKey(spare, 'targets', { factory: 'other' }).proof],
    ['for another role', () => fixture.statementKey(spare, 'targets', { role: 'root' }).proof],
    ['for another service', () => fixture.statementKey(spare, 'targets', { service: ZEROS }).proof],
    ['of another method', () => ({ ...fixture.statementKey(spare, 'targets').proof, method: 'rsassa-pss-sha256' })],
    ['that is none', () => ({ method: 'ed25519', sig: '' })],
  ])('has a proof of each new key: not one %s', async (_, proof) => {
    expect(await stated((it) => keyed(it, { proof: proof() }))).toBe('KEY_PROOF_INVALID (no pointer)');
  });

  test.each<[string, (it: RootStatement) => unknown, string]>([
    ['version', (it) => documented(it, 0, { version: 5 }), '/documents/0/version'],
    ['expiry', (it) => documented(it, 1, { expires: '2027-01-01T00:00:00Z' }), '/documents/1/expires'],
    ['length', (it) => documented(it, 1, { length: 1 }), '/documents/1/length'],
    ['digest', (it) => documented(it, 2, { sha256: ZEROS }), '/documents/2/sha256'],
    ['tag', (it) => documented(it, 2, { tag: 'other' }), '/documents/2/tag'],
    ['Wave', (it) => documented(it, 2, { wave: 'w1' }), '/documents/2/wave'],
    ['signing keys', (it) => documented(it, 2, { sign: [otherSpare.keyid] }), '/documents/2/sign'],
    ['root keys', (it) => documented(it, 1, { sign: [second.keyid] }), '/documents/1/sign'],
    [
      'order',
      ({ documents: [ci, production, ...rest], ...it }) => ({ ...it, documents: [ci, production, ...rest.reverse()] }),
      '/documents/2/tag',
    ],
    ['number, one less', ({ documents, ...it }) => ({ ...it, documents: documents.slice(0, 3) }), '/documents/3'],
    [
      'number, one more',
      ({ documents, ...it }) => ({ ...it, documents: [...documents, documents[2]] }),
      '/documents/4',
    ],
  ])('is true of its documents: their %s', async (_, change, pointer) => {
    expect(await stated(change)).toBe(`STATEMENT_DOCUMENT_MISMATCH ${pointer}`);
  });

  test.each<[string, string[], string]>([
    ['a key that is none of root', [first.keyid, spare.keyid], 'SIGN_KEY_NOT_IN_ROLE /documents/0/sign/'],
    ['nobody who reaches the threshold', [spare.keyid], 'SIGN_KEY_NOT_IN_ROLE /documents/0/sign/0'],
  ])('has root keys sign the roots, and not %s', async (_, sign, code) => {
    const sorted = [...sign].sort();
    expect(
      await stated(({ documents: [ci, production, ...rest], ...it }) => ({
        ...it,
        documents: [{ ...ci, sign: sorted }, { ...production, sign: sorted }, ...rest],
      })),
    ).toContain(code);
  });

  test.each<[string, (it: RootStatement) => unknown, string]>([
    ['CI root', (it) => based(it, { root: { ...it.base.root, ci: ZEROS } }), '/base/root/ci'],
    ['production root', (it) => based(it, { root: { ...it.base.root, production: ZEROS } }), '/base/root/production'],
    ['root version', (it) => based(it, { root: { ...it.base.root, version: 2 } }), '/base/root/version'],
    ['CI targets', (it) => based(it, { ciTargets: { version: 45, sha256: ZEROS } }), '/base/ciTargets/sha256'],
    [
      'production targets',
      (it) => based(it, { targets: { ...it.base.targets, devel: { version: 42, sha256: ZEROS } } }),
      '/base/targets/devel/sha256',
    ],
    [
      'number of tags',
      (it) => based(it, { targets: { ...it.base.targets, more: { version: 1, sha256: ZEROS } } }),
      '/base/targets/more',
    ],
    [
      'number of Waves',
      (it) => based(it, { waves: { w1: { tag: 'devel', version: 1, sha256: ZEROS } } }),
      '/base/waves/w1',
    ],
  ])('builds on what the dossier holds: not another %s', async (_, change, pointer) => {
    expect(await stated(change)).toBe(`STATEMENT_BASE_MISMATCH ${pointer}`);
  });

  test.each<[string, (parts: RootDossierParts) => Partial<RootDossierParts>, string]>([
    ['lacks', ({ targets: all }) => ({ targets: listOf(all).slice(1) }), '/base/targets/devel'],
    ['has twice', ({ targets: all }) => ({ targets: listOf(all).flatMap((one) => [one, one]) }), '/base/targets/devel'],
    ['has in another order', ({ targets: all }) => ({ targets: listOf(all).reverse() }), '/base/targets/devel'],
    [
      'has under another tag',
      ({ targets: all }) => ({ targets: listOf(all).map((one) => ({ ...one, tag: `x${one.tag}` })) }),
      '/base/targets/xdevel',
    ],
    [
      'has as a Wave',
      ({ targets: all }) => ({
        waveTargets: listOf(all)
          .slice(0, 1)
          .map((one) => ({ ...one, wave: 'w1' })),
      }),
      '/base/waves/w1',
    ],
  ])('builds on documents that the dossier has once each: not when it %s one', async (_, change, pointer) => {
    expect(await arranged(change)).toBe(`STATEMENT_BASE_MISMATCH ${pointer}`);
  });

  test('was begun at the Factory that the policy names, by its address', async () => {
    const at = (url: string) => (it: RootStatement) => ({ ...it, upstream: { url, txidSha256: ZEROS } });
    const { url } = factoryOf(fixture.officers.policy.policy, fixture.officers.factory);
    expect(await stated(at(url))).toBe('RESOLVED');
    expect(await stated(at(`${url}/`))).toBe('RESOLVED');
    expect(await stated(at('https://elsewhere.example'))).toBe('STATEMENT_BASE_MISMATCH /upstream/url');
    expect(await stated(at(`${url}.elsewhere.example`))).toBe('STATEMENT_BASE_MISMATCH /upstream/url');
  });

  test('is made under a policy that has rules for root updates', async () => {
    const without = createRootFixture({ rules: null });
    expect(await rejectionOf(without.update(ROTATE_TARGETS))).toBe('KIND_NOT_ALLOWED (no pointer)');
    expect(await rejectionOf(createRootFixture({ rules: { maxExpiresDays: 10 } }).update(ROTATE_TARGETS))).toBe(
      'EXPIRES_BEYOND_POLICY /signed/expires',
    );
  });

  test('is refused all the same where whoever wrote it left a rule out', async () => {
    const strict = createRootFixture({ rules: { leastKeys: { root: 2 } } });
    const lax = createRootFixture();
    const { statement, update: roots } = await lax.update(ROTATE_TARGETS);
    const changeStatement = () => ({
      ...statement,
      service: strict.officers.policy.sha256,
      policy: { version: 1, sha256: strict.officers.policy.sha256 },
    });
    const made = await strict.update([addKey('root', otherSpare), ...ROTATE_TARGETS].sort(byOp), { changeStatement });
    expect(await refusal(strict, { update: { ...made, statement, update: roots } })).toBe(
      'ROOT_KEYS_TOO_FEW /signed/roles/root/keyids',
    );
  });

  test.each<[string, (parts: RootDossierParts) => Partial<RootDossierParts>, string]>([
    ['of no document', (it) => ({ signatures: signaturesOf(it, { document: 9 }) }), 'DOSSIER_INVALID'],
    [
      'of another document',
      (it) => ({ signatures: signaturesOf(it, { document: 1 }).slice(0, 1) }),
      'SIGNATURE_INVALID',
    ],
    [
      'by a key that is not named',
      (it) => ({ signatures: signaturesOf(it, { keyid: second.keyid }) }),
      'DOSSIER_INVALID',
    ],
    [
      'twice',
      (it) => ({
        signatures: signaturesOf(it)
          .flatMap((one) => [one, one])
          .slice(0, 2),
      }),
      'SIGNATURE_DUPLICATE_KEYID',
    ],
  ])('has signatures that hold: none %s', async (_, change, code) => {
    const parts = (it: RootDossierParts) => ({ ...it, ...change(it) });
    expect(await refusal(fixture, { update, signedAt: fixture.now, parts })).toContain(`${code} `);
  });

  test('has no more signatures than it asks for', async () => {
    const parts = (it: RootDossierParts) => ({ ...it, signatures: [...signaturesOf(it), ...signaturesOf(it)] });
    expect(await refusal(fixture, { update, signedAt: fixture.now, parts })).toMatch(/^DOSSIER_INVALID /);
  });

  test.each<[string, (parts: RootDossierParts) => Partial<RootDossierParts>, string]>([
    [
      'other roots',
      ({ published }) => ({ published: published ? { ...published, ci: published.production } : null }),
      'STATEMENT_DOCUMENT_MISMATCH /signed',
    ],
    [
      'the roots before',
      ({ roots }) => ({ published: { ci: roots.ci[2] ?? '', production: roots.production[2] ?? '' } }),
      'STATEMENT_DOCUMENT_MISMATCH /signed',
    ],
  ])('was published only if the Factory shows these very roots: not %s', async (_, change, code) => {
    const parts = (it: RootDossierParts) => ({ ...it, ...change(it) });
    expect(await refusal(fixture, { update, publishedBy: [first], parts })).toBe(code);
  });

  test('was published only if devices accept it', async () => {
    expect(await refusal(fixture, { update, publishedBy: [second] })).toMatch(/^THRESHOLD_NOT_MET /);
  });

  test.each<[string, (lines: string[]) => string[]]>([
    ['one published root', (lines) => lines.filter((line) => !/"published-root","repository":"production"/.test(line))],
    ['published roots in another order', (lines) => [...lines.slice(0, -2), ...lines.slice(-2).reverse()]],
    ['published targets', (lines) => [...lines, JSON.stringify({ type: 'published', text: '{}' })]],
    ['one root to be signed', (lines) => lines.filter((line) => !line.startsWith('{"type":"document","index":1'))],
    ['a third document', (lines) => insertAfter(lines, 'document', { type: 'document', index: 2, text: '{}' })],
    [
      'a line of another kind of dossier',
      (lines) => insertAfter(lines, 'statement', { type: 'wave-targets', wave: 'w1', tag: 'devel', text: '{}' }),
    ],
  ])('stands in a dossier of its form: not with %s', async (_, edit) => {
    const lines = edit(await fixture.dossier({ update, publishedBy: [first] }));
    expect(await rejectionOf(verifyDossier(lines, fixture.pins, fixture.now))).toMatch(/^DOSSIER_INVALID /);
  });
});

describe('what a root update builds on', () => {
  async function updateOver(options: RootFixtureOptions, changes = ROTATE_TARGETS): Promise<string> {
    const fixture = createRootFixture(options);
    return rejectionOf(fixture.update(changes));
  }

  test('is signed as devices want it', async () => {
    const documents = [targetsDocument('production', [targets])];
    expect(await updateOver({ documents })).toMatch(/^THRESHOLD_NOT_MET /);
    const three = { targets: [targets, otherTargets], productionThreshold: 3 };
    expect(await updateOver({ ...three, documents: [targetsDocument('production', [targets, online])] })).toMatch(
      /^THRESHOLD_NOT_MET /,
    );
  });

  test('is of the tag that it is said to be of, Waves too', async () => {
    const renamed = (document: TargetsDocument): TargetsDocument => ({ ...document, tag: 'devel' });
    const ofTag = renamed(targetsDocument('production', [targets, online]));
    expect(await updateOver({ documents: [ofTag] })).toBe('STATEMENT_BASE_MISMATCH /base/targets/devel');
    const ofWave = renamed(targetsDocument('production', [targets, online], { wave: 'w1' }));
    expect(await updateOver({ documents: [ofWave] }, [addKey('root', spare), CHANGELOG])).toBe(
      'STATEMENT_BASE_MISMATCH /base/waves/w1',
    );
  });

  test('are CI targets that tell which is the online key', async () => {
    const changeCiTargets: RootFixtureOptions['changeCiTargets'] = ({ signed }) =>
      signTargets(signed, [online, targets]);
    expect(await updateOver({ changeCiTargets })).toBe('ROOT_ONLINE_KEY /base/ciTargets');
    const foreign: RootFixtureOptions['changeCiTargets'] = ({ signed }) => signTargets(signed, [spare]);
    expect(await updateOver({ changeCiTargets: foreign })).toMatch(/^THRESHOLD_NOT_MET /);
  });

  test('leaves a Wave alone that is active', async () => {
    const documents = [targetsDocument('production', [targets, online], { wave: 'w1' })];
    expect(await updateOver({ documents })).toMatch(/^ROOT_WAVE_ACTIVE /);
    expect(await updateOver({ documents }, [addKey('root', spare), CHANGELOG])).toBe('RESOLVED');
  });

  test('holds no Wave that the dossier lacks', async () => {
    const documents = [targetsDocument('production', [targets, online], { wave: 'w1' })];
    const fixture = createRootFixture({ documents });
    const update = await fixture.update([addKey('root', spare), CHANGELOG]);
    await verify(fixture, { update });
    const parts = (it: RootDossierParts): RootDossierParts => ({ ...it, waveTargets: [] });
    expect(await refusal(fixture, { update, parts })).toBe('STATEMENT_BASE_MISMATCH /base/waves/w1');
  });

  test('is adopted only as the document that officers read, and only where nobody signed it', async () => {
    const documents = [targetsDocument('production', [online])];
    const fixture = createRootFixture({ targets: [], documents });
    const changes = [addKey('targets', targets), CHANGELOG];
    expect(await rejectionOf(fixture.update(changes))).toMatch(/^RE_SIGN_NOT_SIGNED /);
    const adopting = async (change: (changes: RootChange[]) => RootChange[]) =>
      refusal(fixture, {
        update: await fixture.update(changes, {
          adopts: () => true,
          changeStatement: (it) => ({ ...it, changes: change(it.changes) }),
        }),
      });
    const replaced = (adopt: (change: RootChange) => RootChange) => (all: RootChange[]) =>
      all.map((change) => (change.op === 'adopt' ? adopt(change) : change));
    expect(await adopting(replaced((change) => ({ ...change, sha256: ZEROS }) as RootChange))).toMatch(
      /^ADOPTED_DOCUMENT_MISMATCH /,
    );
    const asReSigned: RootChange = { op: 're-sign', sign: [targets.keyid], tags: ['production'], waves: [] };
    expect(await adopting(replaced(() => asReSigned))).toMatch(/^RE_SIGN_NOT_SIGNED /);
    expect(await adopting((all) => all.filter(({ op }) => op !== 'adopt'))).toMatch(/^RE_SIGN_MISSING /);
  });
});

describe('signatures from outside', () => {
  let fixture: RootFixture;
  let update: FixtureUpdate;

  beforeAll(async () => {
    fixture = createRootFixture({ root: [first, second] });
    update = await fixture.update(RETIRE_ROOT, { sign: [spare] });
  });

  async function withExternals(
    change: (made: ExternalSignature[]) => ExternalSignature[],
    keys = [first],
  ): Promise<string> {
    return refusal(fixture, { update, parts: (it) => ({ ...it, externals: change(fixture.externals(update, keys)) }) });
  }

  test('are by keys that go, over either root, and each may still be missing', async () => {
    expect(await withExternals((made) => made)).toBe('RESOLVED');
    const parts = (it: RootDossierParts) => ({ ...it, externals: fixture.externals(update, [first]).slice(0, 1) });
    expect((await verify(fixture, { update, parts })).missingSigners).toEqual([
      { document: 1, missing: 1, keyids: [first.keyid] },
    ]);
  });

  test.each<[string, () => Promise<string>, string]>([
    ['of a key that stays', () => withExternals((made) => made, [second]), 'SIGN_KEY_NOT_IN_ROLE'],
    ['of a new key', () => withExternals((made) => made, [spare]), 'SIGN_KEY_NOT_IN_ROLE'],
    ['of a targets key', () => withExternals((made) => made, [targets]), 'SIGN_KEY_NOT_IN_ROLE'],
    ['twice', () => withExternals(([one]) => (one ? [one, one] : [])), 'SIGNATURE_DUPLICATE_KEYID'],
    [
      'over the other root',
      () => withExternals((made) => made.map((one) => ({ ...one, document: one.document === 0 ? 1 : 0 }))),
      'SIGNATURE_INVALID',
    ],
    [
      'by another key under its keyid',
      () => withExternals((made) => made.map((one) => ({ ...one, keyid: first.keyid })), [second]),
      'SIGNATURE_INVALID',
    ],
  ])('are not taken %s', async (_, ask, code) => {
    expect(await ask()).toContain(`${code} `);
  });

  test('are not taken of a key that a token signs with', async () => {
    const inToken = await fixture.update(RETIRE_ROOT, { sign: [spare, first] });
    expect(await refusal(fixture, { update: inToken, externals: [first] })).toMatch(/^SIGN_KEY_NOT_IN_ROLE /);
    expect((await verify(fixture, { update: inToken })).missingSigners).toEqual([]);
  });

  test('do not stand in for keys of the new roots', async () => {
    const changes: RootChange[] = [
      replaceKey('root', first, spare),
      { op: 'set-threshold', role: 'root', repository: 'both', threshold: 2 },
      CHANGELOG,
    ];
    expect(await rejectionOf(fixture.update(changes, { sign: [spare] }))).toBe('THRESHOLD_NOT_MET /documents/0/sign');
  });

  test('cannot be enough where the keys that go are too few', async () => {
    const both = createRootFixture({ root: [first, second], rootThreshold: 2 });
    const changes: RootChange[] = [
      replaceKey('root', first, spare),
      { op: 'set-threshold', role: 'root', repository: 'both', threshold: 1 },
      CHANGELOG,
    ];
    expect(await rejectionOf(both.update(changes, { sign: [spare] }))).toBe('THRESHOLD_NOT_MET /documents/0/sign');
    const update = await both.update([removeKey('root', first), ...changes.slice(1)], { sign: [second] });
    expect((await verify(both, { update })).missingSigners).toEqual([
      { document: 0, missing: 1, keyids: [first.keyid] },
      { document: 1, missing: 1, keyids: [first.keyid] },
    ]);
  });
});

test('a key that the Factory replaced itself needs no proof', async () => {
  const fixture = createRootFixture({ documents: [] });
  const replaced: RootChange = { op: 'replace-online-key', role: 'targets', old: online.keyid, new: newKey(spare) };
  const verified = await verify(fixture, { update: await fixture.update([replaced, CHANGELOG]) });
  expect(verified.statement.keys).toEqual([]);
  expect(verified.onlineTargetsKeyids).toEqual({ before: online.keyid, after: spare.keyid });
});

function setExpires(expires: string): RootChange {
  return { op: 'set-expires', expires };
}

const OPS = ['replace-key', 'remove-key', 'add-key', 'set-threshold', 'set-expires', 'changelog', 're-sign', 'adopt'];

function byOp(left: RootChange, right: RootChange): number {
  return OPS.indexOf(left.op) - OPS.indexOf(right.op);
}

/** Another owner of a key, of the same length. */
function swapByte(text: string): string {
  const swapped = text.replace('"Rotate keys"', '"Rotate Keys"');
  if (swapped === text) throw new Error('nothing was swapped');
  return swapped;
}

function keyed(it: RootStatement, over: Partial<RootStatement['keys'][0]>) {
  return { ...it, keys: it.keys.map((key) => ({ ...key, ...over })) };
}

function attributed(it: RootStatement, over: Partial<RootStatement['keys'][0]['attributes']>) {
  return { ...it, keys: it.keys.map((key) => ({ ...key, attributes: { ...key.attributes, ...over } })) };
}

function documented(it: RootStatement, index: number, over: object) {
  return { ...it, documents: it.documents.map((entry, at) => (at === index ? { ...entry, ...over } : entry)) };
}

function based(it: RootStatement, over: Partial<RootStatement['base']>) {
  return { ...it, base: { ...it.base, ...over } };
}

function listOf<T>(items: Iterable<T> | AsyncIterable<T>): T[] {
  if (Symbol.asyncIterator in items) throw new Error('the parts of the fixture are lists');
  return [...items];
}

function signaturesOf({ signatures = [] }: RootDossierParts, over: { document?: number; keyid?: string } = {}) {
  return signatures.map((signature) => ({ ...signature, ...over }));
}

/** After the last line of that type. */
function insertAfter(lines: string[], type: string, line: object): string[] {
  const at = lines.findLastIndex((one) => one.startsWith(`{"type":"${type}"`));
  return [...lines.slice(0, at + 1), JSON.stringify(line), ...lines.slice(at + 1)];
}
