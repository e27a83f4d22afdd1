import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NAMESPACES } from '../../src/approval/index.js';
import { serializePolicy, signedPolicy, type Policy } from '../../src/policy/index.js';
import { officer, openAttackWorld, type AttackWorld } from '../support/attack-world.js';
import { rejectionOf } from '../support/reject-code.js';
import { requestId } from '../support/signer-bench.js';
import { softKey } from '../support/ssh-forge.js';

/** One officer's SSH keys are the attacker's: alice's, all of them. */

const second = softKey('ecdsa-sha2-nistp256');
const touchless = softKey('sk-ssh-ed25519@openssh.com');
const withMoreKeys = (policy: Policy): Policy => ({
  ...policy,
  officers: policy.officers.map((one) =>
    one.person === 'alice' ? { ...one, keys: [...one.keys, second.line, touchless.line] } : one,
  ),
});

let world: AttackWorld;
beforeEach(async () => {
  world = await openAttackWorld({ changePolicy: withMoreKeys });
});
afterEach(() => world.end());
const nothingSigned = () => expect(world.token.signed).toEqual([]);

describe('handed to the signer itself', () => {
  const sign = (approvals: (text: string) => string[], wave = world.wave()) =>
    rejectionOf(
      world.signer.sign(world.dossier({ wave, parts: (parts) => ({ ...parts, approvals: approvals(wave.text) }) })),
    );

  test('approvals by all keys of one person are one approval', async () => {
    const all = (text: string) => [
      world.fixture.approve('alice', text),
      second.sign(NAMESPACES.approve, text),
      touchless.sign(NAMESPACES.approve, text),
      world.fixture.officers.get('alice')?.sign(NAMESPACES.approve, text, { hash: 'sha256' }) ?? '',
    ];
    expect(await sign(all)).toMatch(/^QUORUM_NOT_MET/);
    nothingSigned();
  });

  test('one approval twice is refused as what it is', async () => {
    const twice = (text: string) => {
      const approval = world.fixture.approve('alice', text);
      return [approval, approval.replace(/\n$/, '')];
    };
    expect(await sign(twice)).toMatch(/^APPROVAL_DUPLICATE/);
    nothingSigned();
  });

  test('a FIDO key that nobody touched approves nothing', async () => {
    for (const lie of [{ flags: 0 }, { flags: 1, signedFlags: 0 }]) {
      const untouched = (text: string) => [
        touchless.sign(NAMESPACES.approve, text, lie),
        world.fixture.approve('bob', text),
      ];
      expect(await sign(untouched)).toMatch(/^QUORUM_NOT_MET/);
    }
    nothingSigned();
  });

  test("the officer's approval of what the officer asked for does not count, however the name is written", async () => {
    for (const [index, name] of ['alice', 'Alice', 'ALICE'].entries()) {
      const wave = world.wave({ requester: { name, via: 'login' }, id: requestId(index) });
      const both = (text: string) => [world.fixture.approve('alice', text), world.fixture.approve('bob', text)];
      expect(await sign(both, wave)).toMatch(/^QUORUM_NOT_MET/);
    }
    nothingSigned();
  });

  test("a rejection in another officer's name is not taken, and stops nothing", async () => {
    const wave = world.wave();
    const { text: rejection } = world.fixture.reject('bob', wave.text, 'no');
    const sshsig = softKey('ssh-ed25519').sign(NAMESPACES.reject, rejection);
    const veto = world.signer.veto({ statement: wave.text, rejection, sshsig });
    expect(await rejectionOf(veto)).toMatch(/^OFFICER_UNKNOWN/);
    await world.signer.sign(world.dossier({ wave }));
  });
});

describe('handed to the service', () => {
  test('two keys of one person are one approval', async () => {
    const id = await world.approved({}, ['alice']);
    const sshsig = second.sign(NAMESPACES.approve, await world.service.statement(id));
    await world.service.approve(id, { sshsig }, officer('alice'));
    await world.service.reconcile();
    expect(await world.service.get(id)).toMatchObject({ state: 'open', quorum: { missing: 1, persons: ['alice'] } });
    nothingSigned();
  });

  test("an approval in another's session, or of another's request, is refused", async () => {
    const id = await world.ask();
    const statement = await world.service.statement(id);
    const sshsig = world.fixture.approve('alice', statement);
    expect(await rejectionOf(world.service.approve(id, { sshsig }, officer('bob')))).toMatch(/^FORBIDDEN/);
    const own = await world.ask({ tag: 'staging' }, officer('alice'));
    const toOwn = world.fixture.approve('alice', await world.service.statement(own));
    expect(await rejectionOf(world.service.approve(own, { sshsig: toOwn }, officer('alice')))).toMatch(
      /^APPROVAL_NOT_COUNTED/,
    );
    nothingSigned();
  });

  test('a policy that the one officer signed alone moves no quorum', async () => {
    const { fixture } = world;
    const kinds = fixture.policy.policy.kinds;
    const alone = { quorum: 1, maxExpiresDays: 400, singleOfficer: true };
    const next = {
      ...fixture.policy.policy,
      version: 2,
      previous: fixture.policy.sha256,
      kinds: { ...kinds, wave: alone },
    };
    const { text } = signedPolicy(next);
    const signatures = [
      { person: 'alice', sshsig: fixture.sshsig('alice', NAMESPACES.policy, text) },
      { person: 'alice', sshsig: second.sign(NAMESPACES.policy, text) },
      { person: 'bob', sshsig: second.sign(NAMESPACES.policy, text) },
    ];
    const wave = world.wave({
      changeStatement: (it) => ({ ...it, policy: { version: 2, sha256: signedPolicy(next).sha256 } }),
    });
    const lines = world.dossier({
      ...{ wave, approvals: ['alice'] },
      parts: (parts) => ({ ...parts, policies: [fixture.policyText, serializePolicy(signedPolicy(next, signatures))] }),
    });
    expect(await rejectionOf(world.signer.sign(lines))).toMatch(/^POLICY_NOT_SIGNED/);
    expect((await world.signer.status()).policy.version).toBe(1);
    nothingSigned();
  });
});

test('what the attacker does get: a final veto in that name', async () => {
  const id = await world.approved({}, ['bob']);
  const { text, sshsig } = world.fixture.reject('alice', await world.service.statement(id), 'I say so');
  await world.service.reject(id, { rejection: text, sshsig }, officer('alice'));
  await world.service.reconcile();
  expect(await world.service.get(id)).toMatchObject({ state: 'closed', closedBecause: 'rejected' });
  nothingSigned();
});
