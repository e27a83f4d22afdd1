import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NAMESPACES } from '../../src/approval/index.js';
import { loadServiceConfig } from '../../src/config/index.js';
import { signedPolicy, type SignedPolicy } from '../../src/policy/index.js';
import { createSignerClient } from '../../src/signer/client/index.js';
import { createMemoryFactory } from '../signing/memory-factory.js';
import { CI, officer, openAttackWorld, type AttackWorld, type Replica } from '../support/attack-world.js';
import { createFixture, type Fixture } from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';
import { softKey } from '../support/ssh-forge.js';

/** The service's configuration is the attacker's: the files that it names, and so policy, pins, Factory and socket. */

let world: AttackWorld;
beforeEach(async () => {
  world = await openAttackWorld();
});
afterEach(() => world.end());

async function approvedBy(persons: readonly string[], { service }: Replica, of: Fixture = world.fixture) {
  const wanted = { factory: 'acme', name: 'w42', version: 42, tag: 'production', reason: 'a fix' };
  const { id } = (await service.submitWave(wanted, CI)).request;
  for (const person of persons) {
    const sshsig = of.approve(person, await service.statement(id));
    await service.approve(id, { sshsig }, officer(person));
  }
  await service.reconcile();
  return id;
}

describe('a configuration that names', () => {
  test('a policy and pins of its own gets nothing signed: the signer has its own', async () => {
    const own = createFixture({ productionVersion: null, offlineKeys: [world.key] });
    const factory = createMemoryFactory(own);
    const replica = await world.another({
      ...{ policies: [own.policy], pins: own.pins, factories: new Map([['acme', factory]]) },
    });
    const id = await approvedBy(['alice', 'bob'], replica, own);
    expect(await replica.service.get(id)).toMatchObject({ lastError: { code: 'POLICY_NOT_PINNED' } });
    expect(world.token.signed).toEqual([]);
  });

  test('a next policy that no quorum signed does not start, and one officer less is none', async () => {
    const { fixture } = world;
    const mallory = softKey('ssh-ed25519');
    const next = (signers: readonly string[]): SignedPolicy => {
      const officers = [...fixture.policy.policy.officers, { person: 'mallory', keys: [mallory.line] }];
      const unsigned = { ...fixture.policy.policy, version: 2, previous: fixture.policy.sha256, officers };
      const { text } = signedPolicy(unsigned);
      const by = (person: string) => fixture.sshsig(person, NAMESPACES.policy, text);
      return signedPolicy(
        unsigned,
        signers.map((person) => ({
          person,
          sshsig: person === 'mallory' ? mallory.sign(NAMESPACES.policy, text) : by(person),
        })),
      );
    };
    for (const signers of [[], ['alice'], ['alice', 'mallory']]) {
      const started = world.another({ policies: [fixture.policy, next(signers)] });
      expect(await rejectionOf(started)).toMatch(/^POLICY_NOT_SIGNED/);
    }
  });

  test('an older policy chain than the signer knows gets nothing signed', async () => {
    const { fixture } = world;
    const officers = fixture.policy.policy.officers.filter(({ person }) => person !== 'bob');
    const unsigned = { ...fixture.policy.policy, version: 2, previous: fixture.policy.sha256, officers };
    const { text } = signedPolicy(unsigned);
    const signatures = ['alice', 'bob'].map((person) => ({
      ...{ person, sshsig: fixture.sshsig(person, NAMESPACES.policy, text) },
    }));
    const newer = await world.another({ policies: [fixture.policy, signedPolicy(unsigned, signatures)] });
    const id = await approvedBy(['alice', 'carol'], newer);
    expect(await newer.service.get(id)).toMatchObject({ state: 'delivered' });
    await world.factory.completeWave('w42');
    const signed = world.token.signed.length;
    const older = await world.another();
    const wanted = { factory: 'acme', name: 'w43', version: 43, tag: 'production', reason: 'with bob, who has left' };
    const again = (await older.service.submitWave(wanted, CI)).request.id;
    for (const person of ['alice', 'bob']) {
      const sshsig = fixture.approve(person, await older.service.statement(again));
      await older.service.approve(again, { sshsig }, officer(person));
    }
    await older.service.reconcile();
    expect(await older.service.get(again)).toMatchObject({ state: 'closed', closedBecause: 'superseded' });
    expect(world.token.signed).toHaveLength(signed);
  });

  test("another Factory's address gets nothing asked for: its roots do not begin with the pinned one", async () => {
    const elsewhere = createMemoryFactory(createFixture({ productionVersion: null }));
    const { service } = await world.another({ factories: new Map([['acme', elsewhere]]) });
    const wanted = { factory: 'acme', name: 'w42', version: 42, tag: 'production', reason: 'a fix' };
    expect(await rejectionOf(service.submitWave(wanted, CI))).toMatch(/^ROOT_NOT_TRUSTED/);
    expect(world.token.signed).toEqual([]);
  });

  test("another signer's socket gets nothing delivered that the key did not sign", async () => {
    const other = await openAttackWorld();
    try {
      const socketPath = join(other.folder, 'run', 'signer.sock');
      const id = await world.approved();
      const replica = await world.another({ signer: createSignerClient({ socketPath }) });
      await replica.service.reconcile();
      expect(await replica.service.get(id)).toMatchObject({ lastError: { code: 'POLICY_NOT_PINNED' } });
      expect(world.factory.waveList).toEqual([]);
      const lying = await world.another({
        signer: {
          ...createSignerClient({ socketPath }),
          sign: () =>
            Promise.resolve({
              signatures: [
                {
                  ...{ document: 0, keyid: world.key.keyid, method: 'ed25519' },
                  ...{ sig: Buffer.alloc(64, 1).toString('base64'), signedAt: '2026-11-22T16:00:00Z' },
                },
              ],
              journal: { seq: 1, hash: '0'.repeat(64) },
            }),
        },
      });
      world.edit('update requests set next_attempt = null');
      await lying.service.reconcile();
      expect(world.factory.waveList).toEqual([]);
      expect(world.token.signed).toEqual([]);
      expect(other.token.signed).toEqual([]);
    } finally {
      await other.end();
    }
  });
});

test('the file itself has no place for officers, quorums or keys', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-config-'));
  try {
    for (const line of ['officers: [mallory]', 'quorum: 1', 'kinds: {wave: {quorum: 1}}', 'pins: {policySha256: x}']) {
      const file = join(folder, 'service.yaml');
      writeFileSync(file, `listen: 127.0.0.1:8080\n${line}\n`);
      expect(() => loadServiceConfig(file)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
