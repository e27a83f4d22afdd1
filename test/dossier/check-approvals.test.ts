import { beforeAll, describe, expect, test } from '@jest/globals';
import { encodeRejection, NAMESPACES } from '../../src/approval/index.js';
import {
  requireApproved,
  verifyDossier,
  type CheckedApproval,
  type DossierParts,
  type VerifiedDossier,
} from '../../src/dossier/index.js';
import { createFixture, type Fixture, type FixtureWave } from '../support/factory-fixture.js';
import { codeOf } from '../support/error-code.js';
import { rejectionOf } from '../support/reject-code.js';
import { softKey } from '../support/ssh-forge.js';

let fixture: Fixture;
let wave: FixtureWave;

beforeAll(() => {
  fixture = createFixture();
  wave = fixture.wave();
});

function judge(
  votes: Partial<Pick<DossierParts, 'approvals' | 'rejections'>>,
  of = fixture,
  it = wave,
): Promise<VerifiedDossier> {
  return verifyDossier(
    of.dossier({ wave: it, parts: (made) => ({ ...made, approvals: [], ...votes }) }),
    of.pins,
    of.now,
  );
}

function outcome(approvals: readonly CheckedApproval[]): unknown[] {
  return approvals.map(({ person, counted, why }) => [person, why ?? counted]);
}

/** The same signature in lines of another length. */
function reflow(armored: string): string {
  const [first = '', ...rest] = armored.trimEnd().split('\n');
  const body =
    rest
      .slice(0, -1)
      .join('')
      .match(/.{1,64}/g) ?? [];
  return [first, ...body, rest.at(-1)].join('\n');
}

/** An approval beside a good one by alice: it is reported, does not count, and takes nothing from hers. */
async function expectNotCounted(sshsig: string, person: string | null, why: string): Promise<void> {
  const verified = await judge({ approvals: [sshsig, fixture.approve('alice', wave.text)] });
  expect(outcome(verified.approvals)).toEqual([
    [person, why],
    ['alice', true],
  ]);
  expect(verified.quorum).toMatchObject({ persons: ['alice'], missing: 1 });
  expect(codeOf(() => requireApproved(verified))).toBe('QUORUM_NOT_MET');
}

describe('an approval does not count', () => {
  test('when it was given to another request', async () => {
    const other = fixture.wave({ id: 'req_01jd9v3q5w8x2y4z6a7b9c1d3f' });
    await expectNotCounted(fixture.approve('bob', other.text), null, 'mismatch');
  });

  test('when it was given to another Wave of the same request', async () => {
    await expectNotCounted(fixture.approve('bob', fixture.wave({ prune: [40] }).text), null, 'mismatch');
  });

  test('when it was given to another service or another Factory', async () => {
    for (const change of [{ service: '0'.repeat(64) }, { factory: 'other' }]) {
      const other = fixture.wave({ changeStatement: (statement) => ({ ...statement, ...change }) });
      await expectNotCounted(fixture.approve('bob', other.text), null, 'mismatch');
    }
  });

  test.each([NAMESPACES.reject, NAMESPACES.policy, NAMESPACES.login])(
    'when it was made in the namespace %s',
    async (namespace) => {
      await expectNotCounted(fixture.sshsig('bob', namespace, wave.text), null, 'other-namespace');
    },
  );

  test('when it signs something else that is equal but for its last byte', async () => {
    await expectNotCounted(fixture.approve('bob', `${wave.text}\n`), null, 'mismatch');
  });

  test('when the key is no officer’s', async () => {
    const stranger = softKey('ssh-ed25519');
    await expectNotCounted(stranger.sign(NAMESPACES.approve, wave.text), null, 'unknown-key');
  });

  test('when it is no SSH signature', async () => {
    for (const text of ['', 'yes', '-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n']) {
      await expectNotCounted(text, null, 'malformed');
    }
  });

  test('when it is the requester’s own, however the name is written', async () => {
    for (const name of ['bob', 'Bob', 'BOB']) {
      const own = fixture.wave({ requester: { name, via: 'login' } });
      const approvals = ['bob', 'alice'].map((person) => fixture.approve(person, own.text));
      const verified = await judge({ approvals }, fixture, own);
      expect(outcome(verified.approvals)).toEqual([
        ['bob', 'requester'],
        ['alice', true],
      ]);
      expect(codeOf(() => requireApproved(verified))).toBe('QUORUM_NOT_MET');
    }
  });

  test('when the officer is counted already with another key', async () => {
    const second = softKey('ecdsa-sha2-nistp256');
    const of = createFixture({
      changePolicy: (policy) => ({
        ...policy,
        officers: policy.officers.map((it) =>
          it.person === 'alice' ? { ...it, keys: [...it.keys, second.line] } : it,
        ),
      }),
    });
    const it = of.wave();
    const verified = await judge(
      { approvals: [second.sign(NAMESPACES.approve, it.text), of.approve('alice', it.text)] },
      of,
      it,
    );
    expect(outcome(verified.approvals)).toEqual([
      ['alice', true],
      ['alice', 'duplicate-person'],
    ]);
    expect(verified.quorum).toMatchObject({ persons: ['alice'], missing: 1 });
  });

  test('when nobody touched the security key', async () => {
    const token = softKey('sk-ssh-ed25519@openssh.com');
    const of = createFixture({
      changePolicy: (policy) => ({
        ...policy,
        officers: policy.officers.map((it) => (it.person === 'alice' ? { ...it, keys: [...it.keys, token.line] } : it)),
      }),
    });
    const it = of.wave();
    const untouched = await judge({ approvals: [token.sign(NAMESPACES.approve, it.text, { flags: 0 })] }, of, it);
    expect(outcome(untouched.approvals)).toEqual([[null, 'no-touch']]);
    const touched = await judge({ approvals: [token.sign(NAMESPACES.approve, it.text)] }, of, it);
    expect(outcome(touched.approvals)).toEqual([['alice', true]]);
  });

  test('when the officer left with a later policy', async () => {
    const of = createFixture({ officers: ['alice', 'carol'] });
    const it = of.wave();
    const bob = fixture.approve('bob', it.text);
    const verified = await judge({ approvals: [bob, of.approve('alice', it.text)] }, of, it);
    expect(outcome(verified.approvals)).toEqual([
      [null, 'unknown-key'],
      ['alice', true],
    ]);
  });
});

describe('approvals', () => {
  test('say which key they were made with', async () => {
    const { approvals } = await judge({ approvals: [fixture.approve('alice', wave.text)] });
    expect(approvals).toEqual([
      {
        person: 'alice',
        fingerprint: expect.stringMatching(/^SHA256:/) as unknown,
        algorithm: 'ssh-ed25519',
        counted: true,
      },
    ]);
  });

  test('that stand twice are refused, rather than counted once', async () => {
    const sshsig = fixture.approve('alice', wave.text);
    const bob = fixture.approve('bob', wave.text);
    expect(await rejectionOf(judge({ approvals: [sshsig, bob, sshsig] }))).toMatch(/^APPROVAL_DUPLICATE /);
    const reflowed = reflow(sshsig);
    expect(await rejectionOf(judge({ approvals: [sshsig, reflowed] }))).toMatch(/^APPROVAL_DUPLICATE /);
    const garbage = 'no signature';
    expect(await rejectionOf(judge({ approvals: [garbage, garbage] }))).toMatch(/^APPROVAL_DUPLICATE /);
  });

  test('beyond the quorum are counted too', async () => {
    const approvals = ['carol', 'alice', 'bob'].map((person) => fixture.approve(person, wave.text));
    expect((await judge({ approvals })).quorum).toEqual({
      needed: 2,
      persons: ['carol', 'alice', 'bob'],
      missing: 0,
      singleOfficer: false,
    });
  });

  test('of a single officer are enough only where the policy says so', async () => {
    const single = createFixture({ officers: ['alice'] });
    const it = single.wave();
    const verified = await judge({ approvals: [single.approve('alice', it.text)] }, single, it);
    requireApproved(verified);
    expect(verified.quorum).toEqual({ needed: 1, persons: ['alice'], missing: 0, singleOfficer: true });
    const own = single.wave({ requester: { name: 'alice', via: 'login' } });
    const self = await judge({ approvals: [single.approve('alice', own.text)] }, single, own);
    expect(codeOf(() => requireApproved(self))).toBe('QUORUM_NOT_MET');
  });
});

describe('a rejection', () => {
  const approvals = () => ['alice', 'bob'].map((person) => fixture.approve(person, wave.text));

  test('by one officer is final, whatever the approvals', async () => {
    const verified = await judge({
      approvals: approvals(),
      rejections: [fixture.reject('carol', wave.text, 'not today')],
    });
    expect(verified.rejections).toEqual([
      { person: 'carol', reason: 'not today', fingerprint: expect.stringMatching(/^SHA256:/) as unknown },
    ]);
    expect(verified.quorum.missing).toBe(0);
    expect(codeOf(() => requireApproved(verified))).toBe('REJECTED');
  });

  test('counts also of the requester and of who approved before', async () => {
    const own = fixture.wave({ requester: { name: 'carol', via: 'login' } });
    const verified = await judge({ rejections: [fixture.reject('carol', own.text, 'changed my mind')] }, fixture, own);
    expect(codeOf(() => requireApproved(verified))).toBe('REJECTED');
    const both = await judge({
      approvals: approvals(),
      rejections: [fixture.reject('alice', wave.text, 'changed my mind')],
    });
    expect(codeOf(() => requireApproved(both))).toBe('REJECTED');
  });

  test('that is not an officer’s of this very statement is reported and has no effect', async () => {
    const other = fixture.wave({ prune: [40] });
    const stranger = softKey('ssh-ed25519');
    const { text, sshsig } = fixture.reject('carol', wave.text, 'no');
    const bytes = encodeRejection({ statementSha256: wave.sha256, reason: 'no' });
    const verified = await judge({
      approvals: approvals(),
      rejections: [
        fixture.reject('carol', other.text, 'no'),
        { text, sshsig: stranger.sign(NAMESPACES.reject, bytes) },
        { text, sshsig: fixture.sshsig('carol', NAMESPACES.approve, bytes) },
        { text: text.replace('no', 'yes'), sshsig },
        { text, sshsig: 'no signature' },
        { text: 'no', sshsig: fixture.sshsig('carol', NAMESPACES.reject, 'no') },
      ],
    });
    requireApproved(verified);
    expect(verified.rejections).toEqual([]);
    expect(verified.ignoredRejections.map(({ why }) => why)).toEqual([
      'other-statement',
      'unknown-key',
      'other-namespace',
      'mismatch',
      'malformed',
      'malformed',
    ]);
  });
});
