import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DossierParts } from '../../src/dossier/index.js';
import { NAMESPACES } from '../../src/approval/index.js';
import { parseStatement, type Statement } from '../../src/dossier/index.js';
import { serializePolicy, signedPolicy } from '../../src/policy/index.js';
import { encodeText, parseTargets, serializeMetadata } from '../../src/tuf/index.js';
import { openAttackWorld, type AttackWorld } from '../support/attack-world.js';
import { createFixture, metadataText, signRoot, type DossierOptions } from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';
import { requestId } from '../support/signer-bench.js';
import { softKey } from '../support/ssh-forge.js';
import { tufKey } from '../support/tuf-key.js';

/** The service is the attacker's: it says to the real signer whatever it likes, and holds every approval that was ever made. */

let world: AttackWorld;
beforeEach(async () => {
  world = await openAttackWorld();
});
afterEach(() => world.end());

const sign = (options: DossierOptions = {}) => rejectionOf(world.signer.sign(world.dossier(options)));
const parts =
  (change: (parts: DossierParts) => Partial<DossierParts>) =>
  (it: DossierParts): DossierParts => ({ ...it, ...change(it) });
const changed = (change: (statement: Statement) => void) => (statement: Statement) => {
  change(statement);
  return statement;
};

/** Two waves as they were signed, published and completed, the second over the first. */
async function deliver(version: number, tag = world.fixture.tag): Promise<string> {
  const id = await world.approved({ name: `w${version}`, version, tag });
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'delivered' });
  await world.factory.completeWave(`w${version}`);
  return id;
}

test('what is approved is signed: the attacks below fail for their own reasons', async () => {
  expect(await sign()).toBe('RESOLVED');
  expect(world.token.signed).toHaveLength(1);
});

describe('bytes', () => {
  test.each<[string, (document: string) => string]>([
    ['of another application', (text) => text.replace(/dash@sha256:[0-9a-f]{8}/, 'dash@sha256:00000000')],
    ['of another image', (text) => text.replace(/"sha256":"[0-9a-f]{8}/, '"sha256":"00000000')],
    ['that expire later', (text) => text.replace(/"expires":"20[0-9]{2}/, '"expires":"2099')],
    ['with a lower version', (text) => text.replace('"version":42}', '"version":41}')],
  ])('%s instead of the approved ones are not signed', async (_what, change) => {
    const wave = world.wave();
    const document = change(wave.document.toString('utf8'));
    expect(document).not.toBe(wave.document.toString('utf8'));
    expect(await sign({ wave, parts: parts(() => ({ documents: [document] })) })).toMatch(/^CHANGES_DO_NOT_REPRODUCE/);
    expect(world.token.signed).toEqual([]);
  });

  test.each<[string, (statement: Statement) => void]>([
    ['another tag', ({ documents: [document] }) => Object.assign(document, { tag: 'staging' })],
    ['another Wave name', ({ documents: [document] }) => Object.assign(document, { wave: 'w43' })],
    [
      'another key',
      ({ documents: [document] }) => Object.assign(document, { sign: [world.fixture.keys.online.keyid] }),
    ],
    ['another requester', (statement) => Object.assign(statement, { requester: { name: 'mallory', via: 'token' } })],
    ['another request', (statement) => Object.assign(statement, { id: requestId(7) })],
    ['another Factory', (statement) => Object.assign(statement, { factory: 'other' })],
    ['another service', (statement) => Object.assign(statement, { service: '0'.repeat(64) })],
    ['another kind', (statement) => Object.assign(statement, { kind: 'root' })],
    [
      'a later end',
      (statement) => Object.assign(statement, { expires: statement.created.replace(/T.*/, 'T23:59:59Z') }),
    ],
    [
      'a superseded document',
      (s) => Object.assign(s, { supersedes: { statement: s.service, documents: [s.service] } }),
    ],
  ])('an approval of a statement counts for none that has %s', async (_what, change) => {
    const honest = world.wave();
    const forged = world.wave({ changeStatement: changed(change) });
    const stolen = ['alice', 'bob'].map((person) => world.fixture.approve(person, honest.text));
    const dossier = { wave: forged, parts: parts(() => ({ approvals: stolen })) };
    expect(await sign(dossier)).not.toBe('RESOLVED');
    expect(world.token.signed).toEqual([]);
  });
});

describe('approvals', () => {
  const wave = () => world.wave();
  const withApprovals = (it: ReturnType<typeof wave>, approvals: readonly string[]) =>
    sign({ wave: it, parts: parts(() => ({ approvals })) });

  test('of strangers count for nothing', async () => {
    const it = wave();
    const strangers = [softKey('ssh-ed25519'), softKey('ecdsa-sha2-nistp256'), softKey('ssh-rsa')];
    const approvals = strangers.map((key) => key.sign(NAMESPACES.approve, it.text));
    expect(await withApprovals(it, approvals)).toMatch(/^QUORUM_NOT_MET/);
  });

  test('of officers of another service that has the same names count for nothing', async () => {
    const other = createFixture({ productionVersion: null, offlineKeys: [world.key] });
    const it = wave();
    expect(await withApprovals(it, [other.approve('alice', it.text), other.approve('bob', it.text)])).toMatch(
      /^QUORUM_NOT_MET/,
    );
    expect(await rejectionOf(world.signer.sign(other.dossier()))).toMatch(/^POLICY_NOT_PINNED/);
  });

  test("with an officer's key named in a signature that a stranger made are forged", async () => {
    const it = wave();
    const forged = ['alice', 'bob'].map((person) => {
      const publicKey = world.fixture.officers.get(person)?.blob ?? Buffer.alloc(0);
      return softKey('ssh-ed25519').sign(NAMESPACES.approve, it.text, { change: () => ({ publicKey }) });
    });
    expect(await withApprovals(it, forged)).toMatch(/^QUORUM_NOT_MET/);
  });

  test.each([NAMESPACES.reject, NAMESPACES.policy, NAMESPACES.login])(
    'made in %s count for nothing',
    async (namespace) => {
      const it = wave();
      const signed = ['alice', 'bob'].map((person) => world.fixture.sshsig(person, namespace, it.text));
      expect(await withApprovals(it, signed)).toMatch(/^QUORUM_NOT_MET/);
      const renamed = ['alice', 'bob'].map(
        (person) =>
          world.fixture.officers.get(person)?.sign(NAMESPACES.approve, it.text, { signedNamespace: namespace }) ?? '',
      );
      expect(await withApprovals(it, renamed)).toMatch(/^QUORUM_NOT_MET/);
    },
  );

  test('given to another request count for nothing, not even for the very same Wave', async () => {
    const before = world.wave({ id: requestId(1) });
    const again = world.wave({ id: requestId(2) });
    const replayed = ['alice', 'bob'].map((person) => world.fixture.approve(person, before.text));
    expect(await withApprovals(again, replayed)).toMatch(/^QUORUM_NOT_MET/);
  });

  test('spliced from two statements make no quorum of either', async () => {
    const first = world.wave({ id: requestId(1) });
    const second = world.wave({ id: requestId(2), prune: [] });
    const spliced = [world.fixture.approve('alice', first.text), world.fixture.approve('bob', second.text)];
    expect(await withApprovals(first, spliced)).toMatch(/^QUORUM_NOT_MET/);
    expect(await withApprovals(second, spliced)).toMatch(/^QUORUM_NOT_MET/);
    const document = second.document.toString('utf8');
    expect(await sign({ wave: first, parts: parts(() => ({ approvals: spliced, documents: [document] })) })).toMatch(
      /^QUORUM_NOT_MET/,
    );
  });

  afterEach(() => expect(world.token.signed).toEqual([]));
});

describe('time', () => {
  const HOURS = 3_600_000;

  test('an expired statement is not signed, though signature lines date it back', async () => {
    const forging = tufKey();
    const other = await openAttackWorld({ offlineKeys: [world.key, forging], productionThreshold: 2 });
    try {
      const wave = other.wave({ sign: [world.key.keyid, forging.keyid], lifetimeMs: HOURS });
      other.clock.time = new Date(other.fixture.now.getTime() + 2 * HOURS);
      const { keyid, method, sig } = forging.sign(wave.document);
      const signedAt = wave.statement.created;
      const lines = other.dossier({
        wave,
        parts: parts(() => ({ signatures: [{ document: 0, keyid, method, sig, signedAt }] })),
      });
      expect(await rejectionOf(other.signer.sign(lines))).toMatch(/^STATEMENT_EXPIRED/);
      expect(other.token.signed).toEqual([]);
    } finally {
      await other.end();
    }
  });

  test('a statement that would live for longer than 72 hours, or begins in the future, is not signed', async () => {
    const long = changed((it) => Object.assign(it, { expires: it.created.replace(/^2026/, '2027') }));
    expect(await sign({ wave: world.wave({ changeStatement: long }) })).toMatch(/^STATEMENT_LIFETIME/);
    const created = new Date(world.fixture.now.getTime() + HOURS);
    expect(await sign({ wave: world.wave({ created }) })).toMatch(/^STATEMENT_FROM_FUTURE/);
    expect(world.token.signed).toEqual([]);
  });
});

describe('what it builds on', () => {
  test('an older base, approved by officers who did not look, is not built on', async () => {
    await deliver(41);
    await deliver(42);
    const { signed } = world.token;
    const before = signed.length;
    // 43 over nothing, as if the tag never had production targets: 41 and 42 would be gone
    expect(await sign({ wave: world.wave({ version: 43, id: requestId(1) }) })).toMatch(/^STALE_BASE/);
    expect(signed).toHaveLength(before);
  });

  test("another tag's production targets are not this tag's", async () => {
    await deliver(41);
    const targets = world.factory.production.get(world.fixture.tag);
    if (targets === undefined) throw new Error('no production targets');
    const before = world.token.signed.length;
    const tag = 'staging';
    const base = { version: targets.signed.version, sha256: targets.sha256 };
    // a document that keeps what the other tag has, and says so in its statement
    const wave = world.wave({
      ...{ version: 42, tag, id: requestId(1) },
      changeStatement: changed((it) => Object.assign(it.base, { targets: { [tag]: base } })),
    });
    const splice = parts(() => ({ productionTargets: { tag, text: metadataText(targets) } }));
    expect(await sign({ wave, parts: splice })).toBe('STATEMENT_BASE_MISMATCH /base/targets/staging');
    expect(world.token.signed).toHaveLength(before);
  });

  test('an older policy, whose officer has left, approves nothing once the signer met the newer one', async () => {
    const { fixture, signer } = world;
    const unsigned = {
      ...fixture.policy.policy,
      ...{ version: 2, previous: fixture.policy.sha256 },
      officers: fixture.policy.policy.officers.filter(({ person }) => person !== 'bob'),
    };
    const { text } = signedPolicy(unsigned);
    const next = signedPolicy(
      unsigned,
      ['alice', 'carol'].map((person) => ({ person, sshsig: fixture.sshsig(person, NAMESPACES.policy, text) })),
    );
    const policies = [fixture.policyText, serializePolicy(next)];
    // the signer hears of it with any dossier, here one that is refused
    const policy = { version: 2, sha256: next.sha256 };
    const wave = world.wave({ changeStatement: changed((it) => Object.assign(it, { policy })) });
    expect(await sign({ wave, parts: parts(() => ({ policies })) })).toMatch(/^QUORUM_NOT_MET/);
    expect(await sign({ wave: world.wave({ id: requestId(1) }) })).toMatch(/^VERSION_ROLLBACK/);
    expect((await signer.status()).policy.version).toBe(2);
    expect(world.token.signed).toEqual([]);
  });

  test('a policy that its officers did not sign is none, whatever the service configured', async () => {
    const { fixture } = world;
    const mallory = softKey('ssh-ed25519');
    const officers = [{ person: 'mallory', keys: [mallory.line] }, ...fixture.policy.policy.officers];
    const unsigned = { ...fixture.policy.policy, officers, version: 2, previous: fixture.policy.sha256 };
    const { text } = signedPolicy(unsigned);
    const own = signedPolicy(unsigned, [
      { person: 'mallory', sshsig: mallory.sign(NAMESPACES.policy, text) },
      { person: 'alice', sshsig: fixture.sshsig('alice', NAMESPACES.approve, text) },
    ]);
    const policies = [fixture.policyText, serializePolicy(own)];
    expect(await sign({ parts: parts(() => ({ policies })) })).toMatch(/^POLICY_NOT_SIGNED/);
    const first = signedPolicy({ ...fixture.policy.policy, officers });
    expect(await sign({ parts: parts(() => ({ policies: [serializePolicy(first)] })) })).toMatch(/^POLICY_/);
    expect(world.token.signed).toEqual([]);
  });

  test.each(['ci', 'production'] as const)(
    'the %s root is not taken for the root of the other repository, and leaves no trace that would lock the right one out',
    async (repository) => {
      const other = repository === 'ci' ? 'production' : 'ci';
      const { roots, rootTexts } = world.fixture;
      const base = { version: 3, ci: roots.ci[2]?.sha256, production: roots.production[2]?.sha256 };
      const root = { ...base, [other]: base[repository] };
      const wave = world.wave({ changeStatement: changed((it) => Object.assign(it.base, { root })) });
      const swap = parts((it) => ({ roots: { ...it.roots, [other]: rootTexts[repository] } }));
      expect(await sign({ wave, parts: swap })).toMatch(/^ROOT_NOT_TRUSTED/);

      // and the same by way of what it claims to be published: a genuine Wave of another installation of these keys
      const { document } = world.wave();
      const signatures = [world.key.sign(document), world.fixture.keys.online.sign(document)];
      const shown = {
        ...{ factory: 'acme', tag: 'production' },
        metadata: serializeMetadata({ signatures, signedBytes: document }).toString('utf8'),
        roots: { ...rootTexts, [other]: rootTexts[repository] },
      };
      expect(await rejectionOf(world.signer.published(shown))).toMatch(/^ROOT_NOT_TRUSTED/);
      expect(world.token.signed).toEqual([]);
      expect(await sign()).toBe('RESOLVED');
    },
  );

  test('a root that the root keys did not sign is none', async () => {
    const { fixture } = world;
    const last = fixture.roots.production[2];
    if (last === undefined) throw new Error('no root 3');
    const forged = metadataText(signRoot({ ...last.signed, version: 4 }, [tufKey()]));
    const roots = { ci: fixture.rootTexts.ci, production: [...fixture.rootTexts.production, forged] };
    expect(await sign({ parts: parts(() => ({ roots })) })).toMatch(/^THRESHOLD_NOT_MET/);
    expect(world.token.signed).toEqual([]);
  });

  test('our own production targets are no CI targets: what they hold the online key need never have signed', async () => {
    await deliver(41);
    const targets = world.factory.production.get(world.fixture.tag);
    if (targets === undefined) throw new Error('no production targets');
    const before = world.token.signed.length;
    const ciTargets = { version: targets.signed.version, sha256: targets.sha256 };
    const wave = world.wave({
      ...{ version: 41, id: requestId(1) },
      changeStatement: changed((it) => Object.assign(it.base, { ciTargets })),
    });
    const splice = parts(() => ({ ciTargets: metadataText(targets) }));
    expect(await sign({ wave, parts: splice })).toMatch(/^(SIGN_KEY_ONLINE|CHANGES_DO_NOT_REPRODUCE)/);
    expect(world.token.signed).toHaveLength(before);
  });
});

describe('what it leaves out, or says twice', () => {
  test('a rejection that it leaves out of the dossier stands in the journal', async () => {
    const wave = world.wave();
    const { text: rejection, sshsig } = world.fixture.reject('carol', wave.text, 'not this one');
    await world.signer.veto({ statement: wave.text, rejection, sshsig });
    expect(await sign({ wave })).toMatch(/^VETOED/);
    expect(world.token.signed).toEqual([]);
  });

  test('a second statement for one request, approved as it is, is not signed', async () => {
    expect(await sign({ wave: world.wave() })).toBe('RESOLVED');
    const second = world.wave({ version: 43 });
    expect(await sign({ wave: second })).toMatch(/^REQUEST_ID_REUSED/);
    expect(world.token.signed).toHaveLength(1);
  });

  test('other bytes of a version that was signed need the officers to have named the first', async () => {
    const first = world.wave({ id: requestId(1) });
    expect(await sign({ wave: first })).toBe('RESOLVED');
    const other = { expires: '2027-01-31T00:00:00Z', id: requestId(2) };
    expect(await sign({ wave: world.wave(other) })).toMatch(/^WATERMARK_ISSUED/);
    const supersedes = { statement: first.sha256, documents: [parseStatement(first.text).documents[0].sha256] };
    expect(await sign({ wave: world.wave({ ...other, supersedes }) })).toBe('RESOLVED');
    expect(world.token.signed).toHaveLength(2);
  });

  test('the same statement again gets the same signature, not another one', async () => {
    const lines = world.dossier();
    const first = await world.signer.sign(lines);
    expect(await world.signer.sign(lines)).toEqual(first);
    expect(world.token.signed).toHaveLength(1);
  });
});

describe('intents that it kept unfinished for a better day', () => {
  const broken = () => {
    throw new Error('the token is gone');
  };
  const keep = async (wave: ReturnType<AttackWorld['wave']>) => {
    world.token.signBy(broken);
    expect(await rejectionOf(world.signer.sign(world.dossier({ wave }))).catch(String)).not.toBe('RESOLVED');
    world.token.signBy(null);
    expect(world.token.signed).toEqual([]);
  };

  test('are finished late while nothing took their place', async () => {
    const wave = world.wave();
    await keep(wave);
    world.clock.time = new Date(world.clock.time.getTime() + 60_000);
    expect(await sign({ wave })).toBe('RESOLVED');
  });

  test('are finished no more once officers approved another document in their place', async () => {
    const kept = world.wave({ id: requestId(1) });
    await keep(kept);
    const supersedes = { statement: kept.sha256, documents: [kept.statement.documents[0].sha256] };
    const instead = world.wave({ id: requestId(2), expires: '2027-01-31T00:00:00Z', supersedes });
    expect(await sign({ wave: instead })).toBe('RESOLVED');
    expect(await sign({ wave: kept })).toMatch(/^WATERMARK_ISSUED/);
    expect(world.token.signed).toHaveLength(1);
  });

  test('are finished no more once their version, or a higher one, is published', async () => {
    const kept = world.wave({ id: requestId(1) });
    await keep(kept);
    const higher = world.wave({ id: requestId(2), version: 43 });
    const { signatures } = await world.signer.sign(world.dossier({ wave: higher }));
    const online = world.fixture.keys.online.sign(higher.document);
    const published = serializeMetadata({ signatures: [...signatures, online], signedBytes: higher.document });
    const metadata = metadataText(parseTargets(published));
    await world.signer.published({ factory: 'acme', tag: 'production', metadata });
    expect(await sign({ wave: kept })).toMatch(/^WATERMARK_PUBLISHED/);
    expect(world.token.signed).toHaveLength(1);
  });
});

describe('keys', () => {
  test('one key signs for one Factory: a second Factory of the same policy does not get it', async () => {
    const second = 'beta';
    const other = await openAttackWorld({
      changePolicy: (policy) => {
        const [factory] = policy.factories;
        if (factory === undefined) throw new Error('no Factory');
        return { ...policy, factories: [factory, { ...factory, name: second }] };
      },
    }).catch(String);
    // the signer does not even begin without a pin for the second
    expect(other).toMatch(/PINS_MISSING|no first root is trusted/);
  });

  test('a statement is text: one that only reads the same is another', async () => {
    const wave = world.wave();
    const spaced = ` ${wave.text}`;
    const approvals = ['alice', 'bob'].map((person) => world.fixture.approve(person, wave.text));
    const loose = parts(() => ({ statement: spaced, approvals }));
    expect(await sign({ parts: loose })).toMatch(/^STATEMENT_INVALID/);
    const extra = encodeText({ ...wave.statement, note: 'more' });
    expect(await sign({ parts: parts(() => ({ statement: extra, approvals })) })).toMatch(/^STATEMENT_INVALID/);
    expect(world.token.signed).toEqual([]);
  });
});
