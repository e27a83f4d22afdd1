import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { explainVerification, parseStatement, verifyDossier, type JournalLine } from '../../src/dossier/index.js';
import { isCountersignError } from '../../src/errors.js';
import { planRootUpdate } from '../../src/factory/index.js';
import { encodeCanonical, encodeText, parseRoot, sha256Hex } from '../../src/tuf/index.js';
import type { RequestView, RootIntention, RootSubmission } from '../../src/signing/index.js';
import { FACTORY } from '../support/sandbox.js';
import { rejectionOf } from '../support/reject-code.js';
import { addKey, CHANGELOG } from '../support/root-base.js';
import { SignerSite } from '../support/signer-bench.js';
import { softToken, type SoftToken } from '../support/soft-token-pool.js';
import { tufKey, type TufKey } from '../support/tuf-key.js';
import { createRootWorld, type RootWorld } from './root-world.js';
import { ci, person } from './world.js';

/** The service's signer with one root key and two targets keys; and at the ceremony machine another, with root keys of its own. */
let world: RootWorld;
let token: SoftToken;
let site: SignerSite;
let keys: readonly [TufKey, TufKey];

beforeEach(async () => {
  world = await createRootWorld({ owned: true });
  await world.hold('root', 1);
  keys = [tufKey(), tufKey()];
  token = softToken({
    label: 'root',
    serial: 'ceremony',
    keys: keys.map((pair) => ({ pair, role: 'root', factory: FACTORY })),
  });
  const { policyText, pins } = world.fixture;
  site = await SignerSite.start({ policyText, pins, pools: [token], now: world.sandbox.clock.now() });
});

afterEach(async () => {
  await site.remove();
  await world.end();
});

const heldKey = async ({ keyid }: TufKey) => {
  const { key, proof } = await site.signer.prove({ factory: FACTORY, keyid });
  return { ...key, proof };
};

async function ask(intention: RootIntention, ...given: TufKey[]): Promise<RequestView> {
  const told = given.length === 0 ? {} : { keys: await Promise.all(given.map(heldKey)) };
  const submission = { factory: FACTORY, reason: 'a ceremony', intentions: [intention], ...told };
  return (await world.service.submitRootUpdate(submission, person('carol'))).request;
}

async function dossierOf(id: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of world.service.dossier(id)) lines.push(line);
  return lines;
}

/** What the signer at the ceremony machine makes of a dossier that is carried to it. */
async function signThere(id: string, lines?: readonly string[]): Promise<JournalLine[]> {
  await site.signer.sign(lines ?? (await dossierOf(id)));
  return (await site.signer.journalOf((await world.view(id)).statementSha256)).lines;
}

const carryBack = (id: string, journal: readonly JournalLine[], caller = person('carol')): Promise<RequestView> =>
  world.service.importSignatures(id, journal, caller);

/** The root key moves from the service's token to the one at the ceremony machine. */
async function moveRoot(): Promise<void> {
  const { id } = await ask({ op: 'rotate-key', role: 'root', old: world.keys.root[0]?.keyid }, keys[0]);
  await world.approve(id);
  await carryBack(id, await signThere(id));
  await world.service.reconcile();
  expect(await world.view(id)).toMatchObject({ state: 'delivered' });
}

/** So that there are production targets to be signed again. */
async function deliverWave(): Promise<void> {
  const wave = { factory: FACTORY, name: 'w40', version: 40, tag: 'production', reason: 'a release' };
  const { request } = await world.service.submitWave(wave, ci);
  await world.approve(request.id);
  await world.service.reconcile();
  await world.sandbox.client('bob').completeWave('w40');
}

async function evidenceOf(id: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of world.service.evidence(id)) lines.push(line);
  return lines;
}

describe('a root update with keys of two signers', () => {
  test('brings in a key of the other one, says what it waits for, and is delivered when both have signed', async () => {
    const { id } = await ask({ op: 'rotate-key', role: 'root', old: world.keys.root[0]?.keyid }, keys[0]);
    await world.approve(id);
    await world.service.reconcile();
    const waiting = await world.view(id);
    expect(waiting).toMatchObject({
      state: 'open',
      lastError: { code: 'SIGNATURES_MISSING' },
      root: { missingSignatures: [{ keyid: keys[0].keyid, role: 'root', token: 'root', documents: 2 }] },
    });
    // what is there of signatures already goes with the dossier, and is no hindrance there
    const journal = await signThere(id);
    expect(await carryBack(id, journal)).toMatchObject({ state: 'signed', root: { missingSignatures: [] } });
    expect(await carryBack(id, journal, person('alice'))).toMatchObject({ state: 'signed' });
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
    const chain = await world.sandbox.client('bob').rootChain('production', 1);
    expect(parseRoot(chain.at(-1) ?? Buffer.alloc(0)).signed.roles['root']?.keyids).toContain(keys[0].keyid);

    const evidence = await evidenceOf(id);
    const read = (lines: readonly string[]) => verifyDossier(lines, world.fixture.pins, world.sandbox.clock.now());
    const verified = await read(evidence);
    expect(verified.journals.map((one) => one.journal.signatures.map(({ keyid }) => keyid))).toEqual([
      [world.keys.root[0]?.keyid, world.keys.root[0]?.keyid],
      [keys[0].keyid, keys[0].keyid],
    ]);
    expect(explainVerification(verified)).toContain('Journal 2 of 2');
    const second = evidence.findIndex((line) => line.includes('"next-journal"'));
    for (const lines of [
      evidence.slice(0, second), // signatures that no journal has
      [...evidence, ...evidence.slice(second)], // and that two have
      evidence.filter((_, index) => index !== second), // two journals as if they were one
      evidence.slice(0, second + 1),
    ]) {
      expect(await rejectionOf(read(lines))).toMatch(/^EVIDENCE_INVALID/);
    }
    const { items } = await world.service.events({ limit: 200 });
    expect(items.filter(({ type }) => /^sign/.test(type)).map(({ type, actor }) => [type, actor])).toEqual([
      ['signed', 'service'],
      ['signatures-imported', 'carol'],
    ]);
  });

  test('knows from then on who holds that key, and takes its signatures before its own signer has signed', async () => {
    await deliverWave();
    await moveRoot();
    const { id } = await ask({ op: 'rotate-key', role: 'targets' });
    await world.approve(id);
    expect(await carryBack(id, await signThere(id))).toMatchObject({ state: 'open' });
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
    const again = await ask({ op: 'rotate-key', role: 'root', old: keys[0].keyid }, keys[1]);
    await world.approve(again.id);
    await world.service.reconcile();
    expect(await world.view(again.id)).toMatchObject({
      state: 'open',
      root: { missingSigners: [], missingSignatures: [{ documents: 2 }, { documents: 2 }] },
    });
    // the service's own signer has no part in it: all evidence is the other's
    await carryBack(again.id, await signThere(again.id));
    await world.service.reconcile();
    expect(await world.view(again.id)).toMatchObject({ state: 'delivered' });
    const verified = await verifyDossier(await evidenceOf(again.id), world.fixture.pins, world.sandbox.clock.now());
    expect(verified.journals).toHaveLength(1);
  });

  test('names as superseded what the other signer may have signed, though nobody here knows', async () => {
    const intention = { op: 'rotate-key', role: 'root', old: world.keys.root[0]?.keyid } as const;
    const first = await ask(intention, keys[0]);
    await world.approve(first.id);
    await signThere(first.id);
    await world.service.cancel(first.id, person('carol'));
    await world.service.reconcile();
    const second = await ask(intention, keys[1]);
    await world.approve(second.id);
    await carryBack(second.id, await signThere(second.id));
    await world.service.reconcile();
    expect(await world.view(second.id)).toMatchObject({ state: 'delivered' });
    expect(JSON.parse(await world.service.statement(second.id))).toMatchObject({
      supersedes: { statement: first.statementSha256 },
    });
  });

  test('names what the other signer has signed and a database that was put back has forgotten, once it is told', async () => {
    const intention = { op: 'rotate-key', role: 'root', old: world.keys.root[0]?.keyid } as const;
    world.copy('database');
    const lost = await ask(intention, keys[0]);
    await world.approve(lost.id);
    await signThere(lost.id);
    await world.restore('database');
    await world.sandbox.client('bob').cancelRootUpdate();
    const refused = await ask(intention, keys[1]);
    await world.approve(refused.id);
    const statements: unknown[] = [];
    await signThere(refused.id).catch((error: unknown) => {
      if (isCountersignError(error, 'WATERMARK_ISSUED')) statements.push(error.details?.['statements']);
    });
    const documents = lost.documents.map(({ sha256 }) => sha256);
    expect(statements).toEqual([[`${lost.statementSha256}:${documents.join(',')}`]]);
    await world.service.cancel(refused.id, person('carol'));
    await world.service.reconcile();

    const supersedes = [{ statement: lost.statementSha256, documents }];
    const told = { keys: [await heldKey(keys[1])], supersedes };
    const submission = { factory: FACTORY, reason: 'a ceremony', intentions: [intention], ...told };
    const { id } = (await world.service.submitRootUpdate(submission, person('carol'))).request;
    expect(parseStatement(await world.service.statement(id)).supersedes).toMatchObject({
      unknown: [...documents].sort(),
    });
    await world.approve(id);
    await carryBack(id, await signThere(id));
    await world.service.reconcile();
    expect(await world.view(id)).toMatchObject({ state: 'delivered' });
  });

  test('is refused by the other signer as by the service’s own', async () => {
    const rotation = { op: 'rotate-key', role: 'root', old: world.keys.root[0]?.keyid } as const;
    const { id } = await ask(rotation, keys[0]);
    expect(await rejectionOf(signThere(id))).toMatch(/^QUORUM_NOT_MET/);
    await world.approve(id);
    const approved = await dossierOf(id);
    site.now = new Date(Date.parse((await world.view(id)).expires) + 1000);
    expect(await rejectionOf(signThere(id, approved))).toMatch(/^STATEMENT_EXPIRED/);
    site.now = world.sandbox.clock.now();
    token.hold([]);
    await site.restart();
    expect(await rejectionOf(signThere(id, approved))).toMatch(/^KEY_NOT_FOUND/);
    token.hold(keys.map((pair) => ({ pair, role: 'root', factory: FACTORY })));
    await site.signer.readTokens();

    const { text, sshsig } = world.fixture.reject('alice', await world.service.statement(id), 'after all');
    await world.service.reject(id, { rejection: text, sshsig }, person('alice'));
    expect(await rejectionOf(signThere(id))).toMatch(/^REJECTED/);
    // leaving it out again does not help
    expect(await rejectionOf(signThere(id, approved))).toMatch(/^VETOED/);
  });

  test('takes nothing but what the named keys signed of these documents, and only from who may hand it in', async () => {
    const { id } = await ask({ op: 'rotate-key', role: 'root', old: world.keys.root[0]?.keyid }, keys[0]);
    await world.approve(id);
    const journal = await signThere(id);
    const refusals: [string, Promise<RequestView>][] = [
      ['FORBIDDEN', carryBack(id, journal, ci)],
      ['EVIDENCE_INVALID', carryBack(id, journal.slice(1))],
      ['EVIDENCE_INVALID', carryBack(id, journal.slice(0, 1))],
      [
        'SIGN_KEY_NOT_IN_ROLE',
        carryBack(
          id,
          forged(journal, (one) => ({ ...one, keyid: keys[1].keyid })),
        ),
      ],
      [
        'EXTERNAL_SIGNATURE_INVALID',
        carryBack(
          id,
          forged(journal, (one) => ({ ...one, document: 1 - one.document })),
        ),
      ],
    ];
    for (const [code, refused] of refusals) expect(await rejectionOf(refused)).toMatch(new RegExp(`^${code}`));
    expect(await world.view(id)).toMatchObject({ state: 'open', signatures: [] });
    await world.service.cancel(id, person('carol'));
    expect(await rejectionOf(carryBack(id, journal))).toMatch(/^REQUEST_STATE/);
  });

  test('brings in no key without a proof, from a token that the policy does not name, or that is of no use', async () => {
    const foreign = tufKey();
    const told = await heldKey(keys[0]);
    const submit = (key: typeof told, intention: RootIntention) =>
      world.service.submitRootUpdate(
        { factory: FACTORY, reason: 'a try', intentions: [intention], keys: [key], dryRun: true },
        person('carol'),
      );
    const add = { op: 'add-key', role: 'root' } as const;
    const proof = { method: 'ed25519', sig: foreign.sign(Buffer.from('x')).sig };
    expect(await rejectionOf(submit({ ...told, proof }, add))).toBe('KEY_PROOF_INVALID /keys/0');
    const elsewhere = { ...told, token: { label: 'another', serial: '' } };
    expect(await rejectionOf(submit(elsewhere, add))).toBe('INPUT_INVALID /keys/0/token');
    expect(await rejectionOf(submit(told, { op: 'resign' }))).toBe('INPUT_INVALID /keys/0');
  });

  test('brings in no key that the service’s own signer has for another Factory, whoever proves it', async () => {
    const [foreign] = keys;
    const told = { factory: FACTORY, reason: 'a try', keys: [await heldKey(foreign)], dryRun: true };
    const proposed = { ...told, ...(await rootsWith(foreign)) };
    const outcome = (submission: RootSubmission) =>
      rejectionOf(world.service.submitRootUpdate(submission, person('carol')));
    const intentions = [{ op: 'add-key', role: 'root' } as const];
    for (const submission of [proposed, { ...told, intentions }]) expect(await outcome(submission)).toBe('RESOLVED');
    world.root.hold([{ pair: foreign, role: 'root', factory: 'umbrella' }]);
    expect(await outcome(proposed)).toBe(`ROOT_KEY_OTHER_FACTORY /signed/keys/${foreign.keyid}`);
    // nor does it wait here: a standby key of this Factory is taken, and this one has no part
    expect(await outcome({ ...told, intentions })).toBe('INPUT_INVALID /keys/0');
  });
});

/** The next roots, with one more root key. */
async function rootsWith(key: TufKey): Promise<{ ci: Buffer; production: Buffer }> {
  const newest = async (repository: 'ci' | 'production') => {
    const chain = await world.sandbox.client('bob').rootChain(repository, 1);
    return parseRoot(chain.at(-1) ?? Buffer.alloc(0)).signed;
  };
  const [ci, production] = [await newest('ci'), await newest('production')];
  const [onlineTargetsKeyid = ''] = ci.roles['targets']?.keyids ?? [];
  const plan = planRootUpdate([addKey('root', key), CHANGELOG], { ci, production, onlineTargetsKeyid });
  return { ci: encodeCanonical(plan.ci), production: encodeCanonical(plan.production) };
}

interface Written {
  readonly document: number;
  readonly keyid: string;
}

const encode = (entry: unknown): string => encodeText(entry, { lineFeeds: true });

/** The journal of somebody who writes other signatures into it, each line with its right hash. */
function forged(journal: readonly JournalLine[], change: (signature: Written) => Written): JournalLine[] {
  let prev: string | null = null;
  return journal.map((line) => {
    if (line.type !== 'journal') throw new Error('there is nothing in between');
    const written = Object.entries(JSON.parse(line.text) as Record<string, unknown>);
    const entry: Record<string, unknown> = Object.fromEntries(written.filter(([name]) => name !== 'hash'));
    if (prev !== null) entry['prev'] = prev;
    if (Array.isArray(entry['signatures'])) entry['signatures'] = (entry['signatures'] as Written[]).map(change);
    prev = sha256Hex(encode(entry));
    return { type: 'journal', text: encode({ ...entry, hash: prev }) };
  });
}
