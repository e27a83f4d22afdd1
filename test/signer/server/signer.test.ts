import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeRejection, NAMESPACES } from '../../../src/approval/index.js';
import { type Policy, serializePolicy } from '../../../src/policy/index.js';
import { isComplete } from '../../../src/signer/journal/state.js';
import { factoryInLabel } from '../../../src/signer/key-rules/index.js';
import { formatTime, sha256Hex, verifySignature } from '../../../src/tuf/index.js';
import { metadataText } from '../../support/factory-fixture.js';
import { rejectionOf } from '../../support/reject-code.js';
import {
  DAY_MS,
  nextPolicy,
  nextRoots,
  publishedBy,
  requestId,
  signerBench,
  type SignerBench,
  waveOver,
} from '../../support/signer-bench.js';
import { softKey } from '../../support/ssh-forge.js';
import { softToken } from '../../support/soft-token-pool.js';
import { tufKey } from '../../support/tuf-key.js';

let bench: SignerBench;
afterEach(async () => bench.remove());

const ACME_PRODUCTION = { factory: 'acme', repository: 'production', role: 'targets', tag: 'production' } as const;

function reject(text: string, person = 'carol') {
  const { text: rejection, sshsig } = bench.fixture.reject(person, text, 'not this week');
  return { statement: text, rejection, sshsig };
}

/** Somebody who is no officer yet. */
function newcomer() {
  const key = softKey('ssh-ed25519');
  return {
    join: (policy: Policy): Policy => ({
      ...policy,
      officers: [...policy.officers, { person: 'dave', keys: [key.line] }],
    }),
    veto(statement: string) {
      const rejection = encodeRejection({ statementSha256: sha256Hex(statement), reason: 'no' }).toString('utf8');
      return { statement, rejection, sshsig: key.sign(NAMESPACES.reject, rejection) };
    },
  };
}

const typesInJournal = (): string[] =>
  readFileSync(bench.journalPath, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => /"type":"([a-z]+)"/.exec(line)?.[1] ?? '?');

async function* linesOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* await Promise.resolve(lines);
}

describe('Signer.verify', () => {
  it('verifies a dossier and leaves no trace of it, however many approved it', async () => {
    bench = await signerBench();
    const wave = bench.fixture.wave();
    const before = typesInJournal();
    for (const approvals of [[], ['alice', 'bob']]) {
      const verified = await bench.signer.verify(linesOf(bench.fixture.dossier({ wave, approvals })));
      expect(verified).toEqual({ statement: wave.sha256 });
    }
    expect(typesInJournal()).toEqual(before);
    expect(bench.token.signed).toEqual([]);
    await expect(bench.signer.sign(bench.fixture.dossier({ wave, approvals: ['alice'] }))).rejects.toMatchObject({
      code: 'QUORUM_NOT_MET',
    });
  });

  it('says at once what is wrong with it', async () => {
    bench = await signerBench();
    const lines = bench.fixture.dossier({ parts: (parts) => ({ ...parts, documents: ['{}'] }) });
    await expect(bench.signer.verify(linesOf(lines))).rejects.toMatchObject({ code: 'CHANGES_DO_NOT_REPRODUCE' });
  });
});

describe('Signer.sign', () => {
  it('signs an approved Wave with the key in the token', async () => {
    bench = await signerBench();
    const wave = bench.fixture.wave();
    const { signatures, journal } = await bench.signer.sign(bench.fixture.dossier({ wave }));
    expect(signatures).toMatchObject([
      { document: 0, keyid: bench.key.keyid, method: 'ed25519', signedAt: '2026-11-22T16:00:00Z' },
    ]);
    for (const signature of signatures) verifySignature(bench.key.key, signature, wave.document);
    const { seq, hash } = bench.journal.state.head;
    expect(journal).toEqual({ seq, hash });
  });

  it('signs with RSA too', async () => {
    bench = await signerBench({ key: tufKey('RSA') });
    const { signatures } = await bench.signer.sign(bench.fixture.dossier());
    expect(signatures).toMatchObject([{ method: 'rsassa-pss-sha256' }]);
  });

  it('signs under the keyid that the root gives its key', async () => {
    const key = tufKey();
    bench = await signerBench({ key, offlineKeys: [{ keyid: 'old-style', key: key.key }] });
    const { signatures } = await bench.signer.sign(bench.fixture.dossier());
    expect(signatures).toMatchObject([{ keyid: 'old-style' }]);
  });

  it('signs with the keys that it holds and leaves the others to their signers', async () => {
    const [mine, theirs] = [tufKey(), tufKey()];
    bench = await signerBench({ key: mine, offlineKeys: [mine, theirs], productionThreshold: 3 });
    const { signatures } = await bench.signer.sign(bench.fixture.dossier());
    expect(signatures.map(({ keyid }) => keyid)).toEqual([mine.keyid]);
  });

  it('signs with the keys of two tokens', async () => {
    const [first, second] = [tufKey(), tufKey()];
    const extra = softToken({ serial: 'soft-0002', keys: [{ pair: second }] });
    bench = await signerBench({ key: first, offlineKeys: [first, second], extraTokens: [extra] });
    const { signatures } = await bench.signer.sign(bench.fixture.dossier());
    expect(signatures.map(({ keyid }) => keyid)).toEqual([first.keyid, second.keyid]);
  });

  it('writes what it is about to sign before a token sees it', async () => {
    bench = await signerBench();
    let seen: string[] = [];
    bench.token.signBy((_, right) => {
      seen = typesInJournal();
      return right();
    });
    await bench.signer.sign(bench.fixture.dossier());
    expect(seen.at(-1)).toBe('intent');
    expect(typesInJournal().at(-1)).toBe('signature');
  });

  it('never lets a signature out that does not verify, and asks the token anew the next time', async () => {
    bench = await signerBench();
    const dossier = bench.fixture.dossier();
    bench.token.signBy(({ payload }) => bench.key.sign(Buffer.concat([payload, Buffer.from('x')])));
    await expect(rejectionOf(bench.signer.sign(dossier))).resolves.toMatch(/^SIGNATURE_WRONG/);
    expect(typesInJournal()).not.toContain('signature');
    bench.token.signBy(null);
    await expect(bench.signer.sign(dossier)).resolves.toMatchObject({ signatures: [{ document: 0 }] });
  });

  it('keeps the signatures that could be made when another token failed, and then asks for the missing one only', async () => {
    const [first, second] = [tufKey(), tufKey()];
    const extra = softToken({ serial: 'soft-0002', keys: [{ pair: second }] });
    bench = await signerBench({ key: first, offlineKeys: [first, second], extraTokens: [extra] });
    const dossier = bench.fixture.dossier();
    extra.signBy(() => Promise.reject(new Error('the token is gone')));
    await expect(bench.signer.sign(dossier)).rejects.toThrow('the token is gone');
    extra.signBy(null);
    const { signatures } = await bench.signer.sign(dossier);
    expect(signatures).toHaveLength(2);
    expect(bench.token.signed).toHaveLength(1);
    expect(extra.signed).toHaveLength(1);
  });

  it('signs with a token that came after the start', async () => {
    bench = await signerBench();
    bench.token.setState('unavailable');
    await bench.restart();
    await expect(rejectionOf(bench.signer.sign(bench.fixture.dossier()))).resolves.toMatch(/^TOKEN_UNAVAILABLE/);
    bench.token.setState('ready');
    await expect(bench.signer.sign(bench.fixture.dossier())).resolves.toMatchObject({ signatures: [{ document: 0 }] });
  });

  it('signs what supersedes everything that was issued at the version', async () => {
    bench = await signerBench();
    const first = waveOver(bench, { version: 42 });
    await bench.signer.sign(first.lines);
    const supersedes = { statement: first.sha256, documents: [first.statement.documents[0].sha256] };
    const expires = '2027-05-05T05:05:05Z';
    const second = waveOver(bench, { version: 42, id: requestId(1), expires, supersedes });
    await expect(bench.signer.sign(second.lines)).resolves.toMatchObject({ signatures: [{ document: 0 }] });
  });

  it('signs a higher version than was issued without any word about it', async () => {
    bench = await signerBench();
    await bench.signer.sign(waveOver(bench, { version: 42 }).lines);
    await expect(bench.signer.sign(waveOver(bench, { version: 43 }).lines)).resolves.toMatchObject({
      signatures: [{}],
    });
  });

  it('keeps a watermark for each tag', async () => {
    bench = await signerBench();
    await bench.signer.sign(waveOver(bench, { version: 43 }).lines);
    const other = waveOver(bench, { version: 42, tag: 'canary' });
    await expect(bench.signer.sign(other.lines)).resolves.toMatchObject({ signatures: [{}] });
  });

  it('signs the same bytes for another request: they are out in the world already', async () => {
    bench = await signerBench();
    await bench.signer.sign(waveOver(bench, { version: 42 }).lines);
    const again = waveOver(bench, { version: 42, id: requestId(1) });
    await expect(bench.signer.sign(again.lines)).resolves.toMatchObject({ signatures: [{}] });
  });

  it('adopts newer policies, roots and production targets of an approved dossier', async () => {
    bench = await signerBench();
    const first = waveOver(bench, { version: 42 });
    await bench.signer.sign(first.lines);
    const productionTargets = publishedBy(bench, first.document);
    const policies = [bench.fixture.policy, nextPolicy(bench)];
    await bench.signer.sign(
      waveOver(bench, { version: 43, productionTargets, policies, roots: nextRoots(bench) }).lines,
    );
    await bench.restart();
    const { state } = bench.journal;
    expect(state.policies).toHaveLength(2);
    expect(state.rootsOf('acme', 'ci').at(-1)?.signed.version).toBe(4);
    expect(state.rootsOf('acme', 'production').at(-1)?.signed.version).toBe(4);
    expect(state.watermarkOf(ACME_PRODUCTION)).toMatchObject({ published: { version: 42 }, base: { version: 42 } });
  });

  it('adopts production targets only from a dossier that officers approved', async () => {
    bench = await signerBench();
    const first = waveOver(bench, { version: 42 });
    await bench.signer.sign(first.lines);
    const productionTargets = publishedBy(bench, first.document);
    const { lines } = waveOver(bench, { version: 43, productionTargets, approvals: ['alice'] });
    await expect(rejectionOf(bench.signer.sign(lines))).resolves.toMatch(/^QUORUM_NOT_MET/);
    expect(bench.journal.state.watermarkOf(ACME_PRODUCTION)?.published).toBeNull();
  });

  it('stays frozen after a restart, whatever dossier comes', async () => {
    bench = await signerBench();
    const stolen = publishedBy(bench, bench.fixture.wave().document);
    const good = bench.fixture.dossier();
    const published = { factory: 'acme', tag: 'production', metadata: metadataText(stolen) };
    await bench.signer.sign(waveOver(bench, { version: 41 }).lines); // so that the roots are known
    await expect(rejectionOf(bench.signer.published(published))).resolves.toMatch(/^ROLE_FROZEN/);
    expect(bench.logger.lines.at(-1)).toContain('frozen');
    await bench.restart();
    await expect(rejectionOf(bench.signer.sign(good))).resolves.toMatch(/^ROLE_FROZEN/);
    expect((await bench.signer.status(false)).frozen).toMatchObject([
      { factory: 'acme', role: 'targets', version: 42 },
    ]);
  });
});

describe('Signer.sign, asked again for the same statement', () => {
  it('gives the very same signatures, though the token would make others', async () => {
    bench = await signerBench({ key: tufKey('RSA') });
    const wave = bench.fixture.wave();
    const first = await bench.signer.sign(bench.fixture.dossier({ wave }));
    const other = bench.fixture.dossier({ wave, approvals: ['carol', 'bob', 'alice'] });
    await expect(bench.signer.sign(other)).resolves.toEqual(first);
    await bench.restart();
    await expect(bench.signer.sign(other)).resolves.toEqual(first);
    expect(bench.token.signed).toHaveLength(1);
  });

  it('gives them after the statement has expired, with the token gone and the clock set back', async () => {
    bench = await signerBench();
    const dossier = bench.fixture.dossier();
    const first = await bench.signer.sign(dossier);
    bench.token.hold([]);
    for (const days of [30, -30]) {
      bench.now = new Date(bench.fixture.now.getTime() + days * DAY_MS);
      await expect(bench.signer.sign(dossier)).resolves.toEqual(first);
    }
  });

  it('gives them to two that ask at once, and signs once', async () => {
    bench = await signerBench({ key: tufKey('RSA') });
    const dossier = bench.fixture.dossier();
    const results = await Promise.all(Array.from({ length: 8 }, () => bench.signer.sign(dossier)));
    for (const result of results) expect(result).toEqual(results[0]);
    expect(bench.token.signed).toHaveLength(1);
    expect(typesInJournal().filter((type) => type === 'intent' || type === 'signature')).toEqual([
      'intent',
      'signature',
    ]);
  });
});

describe('Signer.sign, in races', () => {
  it('signs one of many that want the same version', async () => {
    bench = await signerBench();
    const rivals = Array.from({ length: 6 }, (_, index) =>
      waveOver(bench, { version: 42, id: requestId(index), expires: `2027-05-05T05:05:0${index}Z` }),
    );
    const outcomes = await Promise.all(rivals.map(({ lines }) => rejectionOf(bench.signer.sign(lines))));
    expect(outcomes.sort()).toEqual(['RESOLVED', ...Array<string>(5).fill('WATERMARK_ISSUED /supersedes')]);
    expect(bench.token.signed).toHaveLength(1);
  });

  it('signs for many tags at once', async () => {
    bench = await signerBench();
    const waves = Array.from({ length: 12 }, (_, index) =>
      waveOver(bench, { version: 42, id: requestId(index), tag: `tag-${index}` }),
    );
    await Promise.all(waves.map(({ lines }) => bench.signer.sign(lines)));
    expect(bench.token.signed).toHaveLength(12);
    expect([...bench.journal.state.intents.values()].every(isComplete)).toBe(true);
  });

  it('forgets a signature that a veto overtook', async () => {
    bench = await signerBench();
    const wave = bench.fixture.wave();
    bench.token.signBy(async (_, right) => {
      await expect(bench.signer.veto(reject(wave.text))).resolves.toMatchObject({ signed: false });
      return right();
    });
    await expect(rejectionOf(bench.signer.sign(bench.fixture.dossier({ wave })))).resolves.toMatch(/^VETOED/);
    expect(typesInJournal()).not.toContain('signature');
    await bench.restart();
    await expect(rejectionOf(bench.signer.sign(bench.fixture.dossier({ wave })))).resolves.toMatch(/^VETOED/);
    expect(bench.token.signed).toHaveLength(1);
  });

  it('forgets a signature that a freeze overtook', async () => {
    bench = await signerBench();
    const foreign = publishedBy(bench, waveOver(bench, { version: 45 }).document);
    bench.token.signBy(async (_, right) => {
      const metadata = metadataText(foreign);
      await rejectionOf(bench.signer.published({ factory: 'acme', tag: 'production', metadata }));
      return right();
    });
    await expect(rejectionOf(bench.signer.sign(bench.fixture.dossier()))).resolves.toMatch(/^ROLE_FROZEN/);
    expect(typesInJournal()).not.toContain('signature');
  });
});

describe('Signer.veto', () => {
  it('records an officer’s rejection once, however often it comes, and each officer’s', async () => {
    bench = await signerBench();
    const { text } = bench.fixture.wave();
    const first = await bench.signer.veto(reject(text));
    expect(first).toMatchObject({ vetoed: true, person: 'carol', signed: false });
    await expect(bench.signer.veto(reject(text))).resolves.toEqual(first);
    await bench.restart();
    await expect(bench.signer.veto(reject(text))).resolves.toEqual(first);
    await expect(bench.signer.veto(reject(text, 'bob'))).resolves.toMatchObject({ person: 'bob' });
    expect(typesInJournal().filter((type) => type === 'veto')).toHaveLength(2);
  });

  it('says that it came too late for a statement that was signed; its signatures stay what they are', async () => {
    bench = await signerBench();
    const wave = bench.fixture.wave();
    const result = await bench.signer.sign(bench.fixture.dossier({ wave }));
    await expect(bench.signer.veto(reject(wave.text))).resolves.toMatchObject({ vetoed: true, signed: true });
    await expect(bench.signer.sign(bench.fixture.dossier({ wave }))).resolves.toEqual(result);
  });

  it('takes a rejection also when the clock is behind', async () => {
    bench = await signerBench();
    bench.now = new Date(bench.now.getTime() - DAY_MS);
    await expect(bench.signer.veto(reject(bench.fixture.wave().text))).resolves.toMatchObject({ vetoed: true });
  });

  it('takes one by an officer of a newer policy that comes along, and keeps that policy', async () => {
    bench = await signerBench();
    const { text } = bench.fixture.wave();
    const dave = newcomer();
    const policy = nextPolicy(bench, dave.join);
    const veto = dave.veto(text);
    await expect(rejectionOf(bench.signer.veto(veto))).resolves.toMatch(/^OFFICER_UNKNOWN/);
    const policies = [bench.fixture.policyText, serializePolicy(policy)];
    await expect(bench.signer.veto({ ...veto, policies })).resolves.toMatchObject({
      person: 'dave',
    });
    expect(bench.journal.state.policies).toHaveLength(2);
  });

  const WRONG: [string, string, () => Parameters<SignerBench['signer']['veto']>[0]][] = [
    ['no statement', 'STATEMENT_INVALID', () => ({ ...reject(bench.fixture.wave().text), statement: '{}' })],
    [
      'a statement of another service',
      'STATEMENT_OTHER_SERVICE',
      () =>
        reject(
          bench.fixture.wave({ changeStatement: (statement) => ({ ...statement, service: '0'.repeat(64) }) }).text,
        ),
    ],
    [
      'a rejection of another statement',
      'INPUT_INVALID',
      () => ({ ...reject(bench.fixture.wave().text), statement: bench.fixture.wave({ reason: 'another' }).text }),
    ],
    [
      'an approval in the place of a rejection',
      'SSHSIG_NAMESPACE',
      () => {
        const { text } = bench.fixture.wave();
        return { ...reject(text), sshsig: bench.fixture.approve('carol', text) };
      },
    ],
    [
      'a signature over another rejection',
      'SSHSIG_MISMATCH',
      () => {
        const { text } = bench.fixture.wave();
        return { ...reject(text), sshsig: bench.fixture.reject('carol', text, 'another reason').sshsig };
      },
    ],
    ['somebody who is no officer', 'OFFICER_UNKNOWN', () => newcomer().veto(bench.fixture.wave().text)],
  ];
  for (const [what, code, veto] of WRONG) {
    it(`refuses ${what}: ${code}`, async () => {
      bench = await signerBench();
      await expect(rejectionOf(bench.signer.veto(veto()))).resolves.toMatch(new RegExp(`^${code} `));
      expect(typesInJournal()).not.toContain('veto');
    });
  }
});

describe('Signer.published', () => {
  const show = (metadata: string, more: object = {}) =>
    bench.signer.published({ factory: 'acme', tag: 'production', metadata, ...more });

  async function signedWave(version = 42) {
    const wave = waveOver(bench, { version });
    await bench.signer.sign(wave.lines);
    return publishedBy(bench, wave.document);
  }

  it('raises the watermark to what the Factory publishes, and never lowers it', async () => {
    bench = await signerBench();
    const [lower, higher] = [await signedWave(42), await signedWave(43)];
    const watermark = { version: 43, sha256: higher.sha256 };
    await expect(show(metadataText(higher), { wave: 'w43' })).resolves.toEqual({ watermark });
    await expect(show(metadataText(lower))).resolves.toEqual({ watermark });
    await expect(show(metadataText(higher))).resolves.toEqual({ watermark });
    await bench.restart();
    expect(bench.journal.state.watermarkOf(ACME_PRODUCTION)?.published).toEqual(watermark);
    expect(typesInJournal().filter((type) => type === 'published')).toHaveLength(1);
  });

  it('lets a Wave be built on older production targets than the active Wave, which may be cancelled', async () => {
    bench = await signerBench();
    await show(metadataText(await signedWave(42)), { wave: 'w42' });
    const next = waveOver(bench, { version: 43, productionTargets: null });
    await expect(bench.signer.sign(next.lines)).resolves.toMatchObject({ signatures: [{}] });
  });

  it('adopts newer roots that come along, from wherever they begin', async () => {
    bench = await signerBench();
    const published = metadataText(await signedWave());
    const roots = nextRoots(bench);
    const texts = {
      ci: roots.ci.slice(-1).map(metadataText),
      production: roots.production.slice(-2).map(metadataText),
    };
    await show(published, { roots: texts });
    expect(bench.journal.state.rootsOf('acme', 'production')).toHaveLength(4);
    expect(bench.journal.state.rootsOf('acme', 'ci')).toHaveLength(4);
  });

  it('is told the roots when it knows none yet', async () => {
    bench = await signerBench();
    const key = tufKey();
    await bench.remove();
    bench = await signerBench({ key: tufKey(), offlineKeys: [key] });
    const metadata = metadataText(publishedBy(bench, bench.fixture.wave().document, key));
    await expect(rejectionOf(show(metadata))).resolves.toBe('ROOT_NOT_TRUSTED /roots');
    await expect(show(metadata, { roots: bench.fixture.rootTexts })).resolves.toMatchObject({
      watermark: { version: 42 },
    });
  });

  it.each([
    ['THRESHOLD_NOT_MET', () => metadataText({ ...latest(), signatures: latest().signatures.slice(0, 1) })],
    ['METADATA_INVALID', () => metadataText(bench.fixture.roots.ci[0] ?? latest())],
    ['JSON_INVALID', () => 'no metadata'],
  ])('refuses what a device would refuse: %s', async (code, metadata) => {
    bench = await signerBench();
    published = await signedWave();
    await expect(rejectionOf(show(metadata()))).resolves.toMatch(new RegExp(`^${code} `));
    expect(typesInJournal()).not.toContain('published');
  });
  let published: Awaited<ReturnType<typeof signedWave>>;
  const latest = () => published;

  it('refuses targets of another tag, a Factory that it does not know, and another root chain', async () => {
    bench = await signerBench();
    const metadata = metadataText(await signedWave());
    await expect(rejectionOf(show(metadata, { tag: 'canary' }))).resolves.toMatch(/^INPUT_INVALID \/metadata/);
    await expect(rejectionOf(show(metadata, { factory: 'other' }))).resolves.toBe('FACTORY_NOT_IN_POLICY /factory');
    const fork = nextRoots(bench, 2);
    await show(metadata, { roots: { ci: [], production: nextRoots(bench).production.map(metadataText) } });
    const roots = { ci: [], production: fork.production.map(metadataText) };
    await expect(rejectionOf(show(metadata, { roots }))).resolves.toMatch(/^ROOT_NOT_TRUSTED/);
  });
});

describe('Signer.status and keys', () => {
  it('tell keys, watermarks, roots and whether the clock is right', async () => {
    bench = await signerBench();
    await bench.signer.sign(bench.fixture.dossier());
    bench.now = new Date(bench.now.getTime() - 5000);
    const status = await bench.signer.status(false);
    expect(status).toMatchObject({
      initialised: true,
      service: bench.fixture.policy.sha256,
      policy: { version: 1 },
      factories: ['acme'],
      tokens: [{ label: 'targets', state: 'ready' }],
      keys: [{ keyid: bench.key.keyid, role: 'targets', factory: 'acme', state: 'active', use: 'in-root' }],
      watermarks: [{ ...ACME_PRODUCTION, issued: { version: 42 }, published: null, unpublished: [{ version: 42 }] }],
      frozen: [],
      journal: { at: formatTime(bench.fixture.now), failed: false },
      clockOk: false,
    });
    expect(status.roots.map(({ repository, version }) => [repository, version])).toEqual([
      ['ci', 3],
      ['production', 3],
    ]);
  });

  it('show keys that were made since, and remember those that are gone', async () => {
    bench = await signerBench();
    const standby = tufKey('RSA');
    bench.token.hold([{ pair: standby }]);
    const { keys } = await bench.signer.keys();
    expect(keys).toMatchObject([
      { keyid: standby.keyid, state: 'active', use: 'standby', public: standby.key },
      { keyid: bench.key.keyid, state: 'absent', use: 'standby', public: bench.key.key },
    ]);
    expect(bench.journal.state.keys.has(standby.keyid)).toBe(true);
  });

  it('name the Factory of a key in full, however little of its name a label holds', async () => {
    const factory = 'a-factory-with-a-name-of-its-own';
    const label = factoryInLabel(factory);
    bench = await signerBench({ factory, tokenKey: { factory: label } });
    const { signatures } = await bench.signer.sign(bench.fixture.dossier());
    expect(signatures).toHaveLength(1);
    bench.token.hold([
      { pair: tufKey(), factory: label },
      { pair: tufKey(), factory: 'unknown~01234567' },
    ]);
    const { keys } = await bench.signer.keys();
    expect(keys.map((key) => [key.state, key.factory])).toEqual([
      ['active', factory],
      ['active', 'unknown~01234567'],
      ['absent', factory],
    ]);
  });
});
