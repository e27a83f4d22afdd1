import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { verifyDossier, writeRootDossier, type RootStatementInput } from '../../../src/dossier/index.js';
import type { RootChange } from '../../../src/factory/index.js';
import { parseRoot, verifyRootUpdate, verifySignature } from '../../../src/tuf/index.js';
import { judgeDestroy } from '../../../src/signer/decide/index.js';
import { createFixture, metadataText } from '../../support/factory-fixture.js';
import { rejectionOf } from '../../support/reject-code.js';
import { CHANGELOG, KEYS, addKey, replaceKey, targetsDocument } from '../../support/root-base.js';
import type { RootFixture, RootFixtureOptions } from '../../support/root-fixture.js';
import { asRoot, rootSignerBench, type RootSignerBench } from '../../support/root-signer-bench.js';
import { Crash, SignerSite } from '../../support/signer-bench.js';
import { softToken } from '../../support/soft-token-pool.js';
import { tufKey, type TufKey } from '../../support/tuf-key.js';

const [rootKey, nextRootKey] = KEYS.root;
const [targetsKey] = KEYS.targets;
const [standby] = KEYS.spare;
const ROTATION: RootChange[] = [replaceKey('targets', targetsKey, standby), CHANGELOG];

let bench: RootSignerBench;
afterEach(async () => bench.site.remove());

const useOf = async ({ keyid }: TufKey): Promise<string | undefined> =>
  (await bench.site.signer.keys()).keys.find((key) => key.keyid === keyid)?.use;

/** New keys are said to be in the token of another signer. */
const heldElsewhere = (input: RootStatementInput): RootStatementInput => ({
  ...input,
  keys: input.keys.map((key) => ({ ...key, token: { label: 'root', serial: '0002' } })),
});

describe('a root update', () => {
  it('is signed for the old threshold and the new one, and every document that it re-signs with it', async () => {
    bench = await rootSignerBench();
    const update = await bench.fixture.update([replaceKey('root', rootKey, nextRootKey), ...ROTATION]);
    const result = await bench.sign({ update });
    expect(result.signatures.map(({ document, keyid }) => [document, keyid])).toEqual([
      ...[0, 1].flatMap((document) => [rootKey, nextRootKey].map(({ keyid }) => [document, keyid]).sort()),
      [2, standby.keyid],
    ]);
    const [document] = bench.fixture.documents;
    for (const signature of result.signatures) {
      if (signature.document !== 2) continue;
      verifySignature(standby.key, signature, document?.metadata.signedBytes ?? Buffer.alloc(0));
    }
    const { roots } = bench.publish(update, result);
    for (const repository of ['ci', 'production'] as const) {
      const before = bench.fixture.roots[repository].at(-1);
      if (before === undefined) throw new Error('the fixture has roots');
      verifyRootUpdate(before, parseRoot(Buffer.from(roots[repository].at(-1) ?? '')));
    }
    expect(await bench.sign({ update })).toEqual(result);
    expect(bench.entries('intent')).toMatchObject([
      { kind: 'root', keys: [nextRootKey.keyid, standby.keyid].sort(), documents: [{}, {}, {}] },
    ]);
    expect(await bench.site.signer.progress(update.sha256)).toEqual({ wanted: 5, made: 5 });
  });

  it('that was shown comes without its targets when it is approved, and is not held any longer then', async () => {
    bench = await rootSignerBench();
    const { fixture, site } = bench;
    const update = await fixture.update(ROTATION);
    const abridged = (approvals: readonly string[]) =>
      writeRootDossier({ ...fixture.parts({ update, approvals }), targets: [] });
    const before = bench.entries('intent');
    expect(await rejectionOf(site.signer.sign(abridged(['alice', 'bob']), null, true))).toMatch(/^DOSSIER_NOT_HELD/);
    await site.signer.verify(writeRootDossier(fixture.parts({ update, approvals: [] })));
    await site.signer.verify(abridged(['alice']), true);
    expect(await rejectionOf(site.signer.sign(abridged(['alice']), null, true))).toMatch(/^QUORUM_NOT_MET/);
    expect(bench.entries('intent')).toEqual(before);
    const result = await site.signer.sign(abridged(['alice', 'bob']), null, true);
    expect(result.signatures).toHaveLength(3);
    expect(await bench.sign({ update })).toEqual(result);
    expect(await rejectionOf(site.signer.verify(abridged([]), true))).toMatch(/^DOSSIER_NOT_HELD/);
  });

  it('proves by the journal when and by whom it was decided', async () => {
    bench = await rootSignerBench();
    const { fixture } = bench;
    const update = await fixture.update(ROTATION);
    const { signatures, journal } = await bench.sign({ update });
    const { lines } = await bench.site.signer.journalOf(update.sha256);
    const evidence = await fixture.dossier({
      update,
      parts: (parts) => ({ ...parts, signatures, journals: [lines] }),
    });
    const verified = await verifyDossier(evidence, fixture.pins, new Date('2050-01-01T00:00:00Z'));
    expect(verified.journal).toMatchObject({ head: journal, intent: { persons: ['alice', 'bob'] } });
    expect(verified.journal?.signatures).toHaveLength(3);
  });

  it('comes into force here when it was shown published, and not because it was signed', async () => {
    bench = await rootSignerBench();
    const update = await bench.fixture.update(ROTATION);
    const result = await bench.sign({ update });
    expect([await useOf(targetsKey), await useOf(standby)]).toEqual(['in-root', 'standby']);
    const newest = { version: 4 };
    const shown = await bench.site.signer.publishedRoots(bench.publish(update, result));
    expect(shown).toMatchObject({ roots: { ci: newest, production: newest } });
    expect([await useOf(targetsKey), await useOf(standby)]).toEqual(['retired', 'in-root']);
    await bench.site.restart();
    expect([await useOf(targetsKey), await useOf(standby)]).toEqual(['retired', 'in-root']);
  });

  it('is not signed a second time in another way, unless the statement names the first as superseded', async () => {
    bench = await rootSignerBench();
    const { fixture } = bench;
    const first = await fixture.update(ROTATION);
    await bench.sign({ update: first });
    const other = { ...CHANGELOG, message: 'Rotate keys again' } as RootChange;
    const build = (supersedes: string[] | null) =>
      fixture.update([...ROTATION.slice(0, 1), other], {
        input: (input) => ({
          ...input,
          id: 'req_00000000000000000000000002',
          supersedes: supersedes === null ? null : { statement: first.sha256, documents: supersedes },
        }),
      });
    expect(await rejectionOf(bench.sign({ update: await build(null) }))).toMatch(/^WATERMARK_ISSUED/);
    const [ci, production] = first.statement.documents;
    expect(await rejectionOf(bench.sign({ update: await build([ci.sha256]) }))).toMatch(/^WATERMARK_ISSUED/);
    expect((await bench.sign({ update: await build([ci.sha256, production.sha256]) })).signatures).toHaveLength(3);
  });

  it('is not signed on a root that another one has replaced', async () => {
    bench = await rootSignerBench();
    const update = await bench.fixture.update(ROTATION);
    await bench.site.signer.publishedRoots(bench.publish(update, await bench.sign({ update })));
    const late = await bench.fixture.update([addKey('root', nextRootKey), CHANGELOG], {
      input: (input) => ({ ...input, id: 'req_00000000000000000000000002' }),
    });
    expect(await rejectionOf(bench.sign({ update: late }))).toMatch(/^VERSION_ROLLBACK/);
  });

  it('signs targets again at their published version while a Wave is active above them', async () => {
    const documents = [
      targetsDocument('production', [targetsKey, KEYS.online], { version: 40 }),
      targetsDocument('production', [targetsKey, KEYS.online], { version: 42, wave: 'w42' }),
    ];
    bench = await rootSignerBench({ documents });
    const update = await bench.fixture.update([addKey('targets', standby), CHANGELOG], { also: [standby.keyid] });
    expect(update.statement.documents.slice(2)).toMatchObject([{ wave: null }, { wave: 'w42' }]);
    expect((await bench.sign({ update })).signatures).toHaveLength(4);
    const line = { factory: 'acme', repository: 'production', role: 'targets', tag: 'production' } as const;
    expect(bench.site.journal.state.watermarkOf(line)).toMatchObject({
      base: { version: 40 },
      published: { version: 42 },
      issued: [{ version: 40 }, { version: 42 }],
    });
  });

  it('is not signed while a signature from outside is missing', async () => {
    const [old] = KEYS.root;
    bench = await rootSignerBench({ root: [old] });
    bench.root.hold([asRoot(nextRootKey)]);
    const site = await SignerSite.start({
      ...{ policyText: bench.fixture.officers.policyText, pins: bench.fixture.pins, now: bench.fixture.now },
      pools: [softToken({ label: 'root', serial: '0001', keys: [asRoot(nextRootKey)] })],
    });
    try {
      const update = await bench.fixture.update([replaceKey('root', old, nextRootKey), CHANGELOG], { outside: [old] });
      const lacking = await bench.fixture.dossier({ update });
      expect(await rejectionOf(site.signer.sign(lacking))).toMatch(/^THRESHOLD_NOT_MET/);
      const { signatures } = await site.signer.sign(await bench.fixture.dossier({ update, externals: [old] }));
      expect(signatures.map(({ keyid }) => keyid)).toEqual([nextRootKey.keyid, nextRootKey.keyid]);
    } finally {
      await site.remove();
    }
  });
});

describe('the keys of a root update', () => {
  const refusal = async (over: Partial<Parameters<RootFixture['update']>[1]> = {}): Promise<string> =>
    rejectionOf(bench.sign({ update: await bench.fixture.update(ROTATION, over) }));

  it('are refused if a token has them for another role or another Factory', async () => {
    bench = await rootSignerBench();
    bench.targets.hold([{ pair: targetsKey }, { pair: standby, factory: 'umbrella' }]);
    await bench.site.signer.readTokens();
    expect(await refusal()).toMatch(/^KEY_ROLE_MISMATCH/);
  });

  it('are refused if the journal has them for another role, whatever their label says now', async () => {
    bench = await rootSignerBench();
    const update = await bench.fixture.update([addKey('root', standby), CHANGELOG]);
    bench.root.hold([asRoot(rootKey), asRoot(standby)]);
    bench.targets.hold([{ pair: targetsKey }]);
    expect(await rejectionOf(bench.sign({ update }))).toMatch(/^KEY_ROLE_MISMATCH/);
  });

  it('are refused if one stands in a root of another Factory that this signer signs for', async () => {
    const [, , foreign] = KEYS.root;
    const umbrella = createFixture({ factory: 'umbrella', rootKeys: [foreign] });
    bench = await rootSignerBench({ otherFactories: umbrella.policy.policy.factories });
    const { fixture, site } = bench;
    await site.signer.publishedRoots({ factory: 'umbrella', roots: umbrella.rootTexts });
    const outcome = async (key: TufKey): Promise<string> => {
      const update = await fixture.update([addKey('root', key), CHANGELOG], { input: heldElsewhere });
      return rejectionOf(bench.sign({ update }));
    };
    expect(await outcome(foreign)).toMatch(/^ROOT_KEY_OTHER_FACTORY/);
    expect(bench.entries('intent')).toEqual([]);
    expect(await outcome(KEYS.spare[1])).toBe('RESOLVED');
  });

  it('are refused if one is a canary key', async () => {
    bench = await rootSignerBench({}, KEYS.spare[1]);
    const update = await bench.fixture.update([replaceKey('targets', targetsKey, KEYS.spare[1]), CHANGELOG]);
    expect(await rejectionOf(bench.sign({ update }))).toMatch(/^KEY_ROLE_MISMATCH/);
  });

  it('are refused if one is a request key, also after a restart', async () => {
    bench = await rootSignerBench();
    const { site, fixture } = bench;
    const [, requestKey] = KEYS.spare;
    await site.signer.registerRequestKeys({ factory: 'acme', keys: [requestKey.key] });
    await site.restart();
    const update = await fixture.update([replaceKey('targets', targetsKey, requestKey), CHANGELOG]);
    expect(await rejectionOf(bench.sign({ update }))).toMatch(/^REQUEST_KEY_IN_ROOT/);
    expect(bench.entries('intent')).toEqual([]);
    expect(bench.targets.signed).toEqual([]);
  });

  it('are refused if one is said to be in a token of this signer and is not', async () => {
    bench = await rootSignerBench();
    const update = await bench.fixture.update([replaceKey('targets', targetsKey, KEYS.spare[1]), CHANGELOG]);
    expect(await rejectionOf(bench.sign({ update }))).toMatch(/^KEY_NOT_FOUND/);
  });

  it('wait for a token that is away, which the answer names; nothing is decided before', async () => {
    bench = await rootSignerBench();
    bench.root.setState('unavailable');
    await expect(bench.sign({ update: await bench.fixture.update(ROTATION) })).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      details: { token: 'root' },
    });
    expect(bench.entries('intent')).toEqual([]);
    expect(bench.targets.signed).toEqual([]);
    bench.root.setState('ready');
    expect(await refusal()).toBe('RESOLVED');
  });

  it('freeze their role when a published root carries a signature that the journal does not know', async () => {
    bench = await rootSignerBench();
    const update = await bench.fixture.update(ROTATION);
    const behind = [0, 1].map((document) => ({
      document,
      ...rootKey.sign(document === 0 ? update.update.ci : update.update.production),
      signedAt: '2026-11-22T16:00:00Z',
    }));
    const shown = bench.publish(update, { signatures: behind });
    expect(await rejectionOf(bench.site.signer.publishedRoots(shown))).toMatch(/^ROLE_FROZEN/);
    expect(await rejectionOf(bench.site.signer.publishedRoots(shown))).toBe('RESOLVED');
    expect(bench.entries('freeze')).toMatchObject([{ role: 'root', keyid: rootKey.keyid, version: 4 }]);
  });
});

describe('a root update with many documents', () => {
  const COUNT = 520;
  const many = (): RootFixtureOptions => ({
    documents: Array.from({ length: COUNT }, (_, index) =>
      targetsDocument(`tag-${String(index).padStart(5, '0')}`, [targetsKey, KEYS.online]),
    ),
  });

  it('is taken up after a crash where it was, and what stands in the journal is signed once', async () => {
    bench = await rootSignerBench(many());
    const { fixture, site, targets } = bench;
    const update = await fixture.update(ROTATION);
    let chunks = 0;
    site.onStep = (step) => {
      if (step === 'sign:made' && ++chunks === 2) throw new Crash(step);
    };
    await expect(bench.sign({ update })).rejects.toThrow(Crash);
    site.onStep = undefined;
    await site.restart();
    const { made, wanted } = await site.signer.progress(update.sha256);
    expect(wanted).toBe(COUNT + 2);
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThanOrEqual(500);
    const before = targets.signed.length;

    const result = await bench.sign({ update });
    expect(result.signatures).toHaveLength(COUNT + 2);
    expect(await site.signer.progress(update.sha256)).toEqual({ wanted, made: wanted });
    const again = targets.signed.length - before;
    expect(again + made).toBeLessThanOrEqual(wanted);
    expect(bench.entries('intent')).toHaveLength(1);
    expect(bench.entries('intent-part')).toMatchObject([{ part: 0 }]);

    const { lines } = await site.signer.journalOf(update.sha256);
    const evidence = await fixture.dossier({
      update,
      parts: (parts) => ({ ...parts, signatures: result.signatures, journals: [lines] }),
    });
    const verified = await verifyDossier(evidence, fixture.pins, new Date('2050-01-01T00:00:00Z'));
    expect(verified.journal?.signatures).toHaveLength(wanted);
  }, 60_000);

  it('is signed no further when an officer rejects it in between', async () => {
    bench = await rootSignerBench(many());
    const { fixture, site } = bench;
    const update = await fixture.update(ROTATION);
    const { text: rejection, sshsig } = fixture.officers.reject('carol', update.text, 'not this week');
    let chunks = 0;
    site.onStep = async (step) => {
      if (step !== 'sign:made' || ++chunks !== 2) return;
      const vetoed = await site.signer.veto({ statement: update.text, rejection, sshsig });
      expect(vetoed).toMatchObject({ vetoed: true, person: 'carol' });
    };
    expect(await rejectionOf(bench.sign({ update }))).toMatch(/^VETOED/);
    site.onStep = undefined;
    expect(bench.entries('signatures')).toHaveLength(1);
    expect(await rejectionOf(bench.sign({ update }))).toMatch(/^VETOED/);
    expect(bench.entries('signatures')).toHaveLength(1);
  }, 60_000);

  it('goes on from wherever a kill has cut the journal off, and signs only what does not stand there', async () => {
    bench = await rootSignerBench(many());
    const { fixture, site, root, targets } = bench;
    const update = await fixture.update(ROTATION);
    const whole = await bench.sign({ update });
    await site.stop();
    const journal = readFileSync(site.journalPath);
    /** Where the line ends that has this first. */
    const endOf = (text: string): number => journal.indexOf('\n', journal.indexOf(text)) + 1;
    const chunk = bench.entries('signatures')[0]?.['signatures'] as unknown[];
    const first = endOf('"type":"signatures"');
    for (const [cut, decided, made] of [
      [endOf('"type":"intent-part"'), 0, 0],
      [endOf('"type":"intent"'), 1, 0],
      [first - 1000, 1, 0],
      [first + 1000, 1, chunk.length],
    ] as const) {
      writeFileSync(site.journalPath, journal.subarray(0, cut));
      await site.restart();
      expect(site.journal.state.intents.size).toBe(decided);
      const before = root.signed.length + targets.signed.length;
      const { signatures } = await bench.sign({ update });
      expect(root.signed.length + targets.signed.length - before).toBe(COUNT + 2 - made);
      expect(signatures.map(({ sig }) => sig)).toEqual(whole.signatures.map(({ sig }) => sig));
      const { lines } = await site.signer.journalOf(update.sha256);
      // parts that decided nothing are no part of what proves the decision
      expect(lines.filter(({ type }) => type === 'journal-hash')).toEqual([]);
      await site.stop();
    }
  }, 60_000);
});

describe('a key may be destroyed', () => {
  const judged = async ({ keyid }: TufKey) => {
    const { root, targets, site } = bench;
    return judgeDestroy(keyid, site.journal.state, [...(await root.keys()), ...(await targets.keys())]);
  };
  const outcome = async (key: TufKey): Promise<string> => rejectionOf(judged(key));

  it('once the root without it is published and the key in its place has signed, and not before', async () => {
    bench = await rootSignerBench();
    expect(await outcome(standby)).toMatch(/^KEY_IN_USE/); // nothing is known to be published yet
    const known = (repository: 'ci' | 'production') => bench.fixture.roots[repository].map(metadataText);
    const roots = { ci: known('ci'), production: known('production') };
    await bench.site.signer.publishedRoots({ factory: 'acme', roots });
    expect(await outcome(targetsKey)).toMatch(/^KEY_IN_USE/);
    expect(await outcome(standby)).toBe('RESOLVED');
    const update = await bench.fixture.update(ROTATION);
    const result = await bench.sign({ update });
    expect([await outcome(targetsKey), await outcome(standby)]).toEqual([
      expect.stringMatching(/^KEY_IN_USE/),
      expect.stringMatching(/^KEY_IN_USE/),
    ]);
    await bench.site.signer.publishedRoots(bench.publish(update, result));
    expect(await outcome(standby)).toMatch(/^KEY_IN_USE/);
    expect(await judged(targetsKey)).toMatchObject({ isNew: true, proveOneOf: [] });
  });

  it('only if the key in its place proves itself where it has signed nothing yet', async () => {
    bench = await rootSignerBench({ documents: [] });
    const update = await bench.fixture.update(ROTATION);
    await bench.site.signer.publishedRoots(bench.publish(update, await bench.sign({ update })));
    expect((await judged(targetsKey)).proveOneOf.map(({ keyid }) => keyid)).toEqual([standby.keyid]);
    bench.targets.hold([{ pair: targetsKey }]);
    expect(await outcome(targetsKey)).toMatch(/^KEY_IN_USE/);
  });

  it('of root only if one in force proves itself now, whatever it signed before', async () => {
    bench = await rootSignerBench();
    const update = await bench.fixture.update([replaceKey('root', rootKey, nextRootKey), CHANGELOG]);
    await bench.site.signer.publishedRoots(bench.publish(update, await bench.sign({ update })));
    expect((await judged(rootKey)).proveOneOf.map(({ keyid }) => keyid)).toEqual([nextRootKey.keyid]);
    bench.root.hold([asRoot(rootKey)]);
    expect(await outcome(rootKey)).toMatch(/^KEY_IN_USE/);
  });

  it('of root without that if those in force are all of other signers: they have signed the root', async () => {
    bench = await rootSignerBench();
    const { fixture, site } = bench;
    const [, , elsewhere] = KEYS.root;
    const update = await fixture.update([replaceKey('root', rootKey, elsewhere), CHANGELOG], { input: heldElsewhere });
    const { signatures } = await bench.sign({ update });
    const theirs = fixture.sign(update, fixture.now).filter(({ keyid }) => keyid === elsewhere.keyid);
    await site.signer.publishedRoots(bench.publish(update, { signatures: [...signatures, ...theirs] }));
    expect(await judged(rootKey)).toMatchObject({ isNew: true, proveOneOf: [] });
  });

  it('not while a request that names it is unfinished', async () => {
    bench = await rootSignerBench();
    bench.targets.signBy(() => {
      throw new Error('the token is out of order');
    });
    const update = await bench.fixture.update([addKey('targets', standby), CHANGELOG], { also: [standby.keyid] });
    await expect(bench.sign({ update })).rejects.toThrow('out of order');
    expect(await outcome(standby)).toMatch(/^KEY_IN_USE/);
  });
});

describe('a key proves itself', () => {
  it('for its role in its Factory, and for nothing else', async () => {
    bench = await rootSignerBench({}, tufKey());
    const { signer } = bench.site;
    const { key, proof } = await signer.prove({ factory: 'acme', keyid: standby.keyid });
    const { attributes } = bench.fixture.statementKey(standby, 'targets');
    const { keyid, key: publicKey } = standby;
    expect(key).toMatchObject({ keyid, keytype: publicKey.keytype, role: 'targets', attributes });
    expect({ ...key, proof }).toMatchObject({ proof: bench.fixture.statementKey(standby, 'targets').proof });
    const refused = async (factory: string, other: string): Promise<string> =>
      rejectionOf(signer.prove({ factory, keyid: other }));
    expect(await refused('umbrella', standby.keyid)).toMatch(/^FACTORY_NOT_IN_POLICY/);
    expect(await refused('acme', tufKey().keyid)).toMatch(/^KEY_NOT_FOUND/);
    const [canary] = [bench.targets.status().canary];
    expect(await refused('acme', canary?.keyid ?? '')).toMatch(/^KEY_ROLE_MISMATCH/);
    bench.targets.hold([{ pair: targetsKey }, { pair: standby, role: 'root' }]);
    expect(await refused('acme', standby.keyid)).toMatch(/^KEY_ROLE_MISMATCH/);
    bench.targets.hold([{ pair: targetsKey }]);
    expect(await refused('acme', standby.keyid)).toMatch(/^TOKEN_UNAVAILABLE/);
  });
});
