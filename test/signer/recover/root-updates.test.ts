import { afterEach, describe, expect, it } from '@jest/globals';
import type { RootChange, TargetsDocument } from '../../../src/factory/index.js';
import { describeRecovery } from '../../../src/recovery/index.js';
import { judgeDestroy } from '../../../src/signer/decide/index.js';
import { verifyJournal } from '../../../src/signer/journal/index.js';
import type { SignResult } from '../../../src/signer/index.js';
import type { EvidenceFile } from '../../../src/signer/recover/index.js';
import { metadataText } from '../../support/factory-fixture.js';
import { rejectionOf } from '../../support/reject-code.js';
import { addKey, CHANGELOG, KEYS, replaceKey, targetsDocument } from '../../support/root-base.js';
import type { FixtureUpdate, RootDossierOptions, RootFixtureOptions } from '../../support/root-fixture.js';
import { rootSignerBench, type RootSignerBench } from '../../support/root-signer-bench.js';
import { requestId } from '../../support/signer-bench.js';
import { copyJournal, putBack, recover, type Inputs, type RecoveryBench } from './recover-bench.js';

const [rootKey, nextRootKey] = KEYS.root;
const [targetsKey] = KEYS.targets;
const [standby, requestKey, outside] = KEYS.spare;
const ROTATION: RootChange[] = [replaceKey('targets', targetsKey, standby), CHANGELOG];

let bench: RootSignerBench;
/** The same, as what is to be recovered. */
let lost: RecoveryBench;
afterEach(async () => bench.site.remove());

async function start(options: RootFixtureOptions = {}): Promise<void> {
  bench = await rootSignerBench(options);
  const { fixture, root, targets, site } = bench;
  const keys = async () => [...(await root.keys()), ...(await targets.keys())];
  lost = Object.assign(site, { fixture: { ...fixture.officers, pins: fixture.pins }, token: { keys } });
}

/** As the service would have saved it. */
async function evidenceOf(
  update: FixtureUpdate,
  { signatures }: SignResult,
  more: Partial<RootDossierOptions> = {},
): Promise<EvidenceFile> {
  const { lines } = await bench.site.signer.journalOf(update.sha256);
  const parts: RootDossierOptions['parts'] = (made) => ({ ...made, signatures, journals: [lines] });
  const text = await bench.fixture.dossier({ update, parts, ...more });
  return { name: update.statement.id, lines: () => text };
}

const recovered = (inputs: Inputs) => recover(lost, inputs);
const signed = (): number => bench.root.signed.length + bench.targets.signed.length;
/** Another root of that version. */
const rival = () =>
  bench.fixture.update([addKey('root', nextRootKey), CHANGELOG], {
    input: (input) => ({ ...input, id: requestId(2) }),
  });

describe('a recovery of a journal with a root update in it', () => {
  it.each(['lost', 'older'])('that is %s gives the same signatures again, above all that was signed', async (what) => {
    // more than stand in one line, in one of the two
    const documents = Array.from({ length: what === 'older' ? 501 : 2 }, (_, index) =>
      targetsDocument(`tag-${String(index).padStart(5, '0')}`, [targetsKey, KEYS.online]),
    );
    await start({ documents });
    const { site } = bench;
    await site.signer.registerRequestKeys({ factory: 'acme', keys: [requestKey.key] });
    const copy = what === 'older' ? copyJournal(lost) : null;
    const update = await bench.fixture.update(ROTATION);
    const first = await bench.sign({ update });
    const before = await site.signer.journalOf(update.sha256);
    const evidence = [await evidenceOf(update, first)];
    const made = signed();
    await putBack(lost, copy);
    const { recovery } = await recovered({ evidence });
    expect(recovery.requests).toMatchObject([{ from: 'journal', statement: update.sha256 }]);
    // of an older journal the days before are known; of a lost one the evidence has what the keys signed then
    expect(recovery.adopted).toHaveLength(what === 'lost' ? 2 + documents.length : 0);
    expect(describeRecovery(recovery)).toContain('root');

    expect((await bench.sign({ update })).signatures).toEqual(first.signatures);
    expect(await site.signer.journalOf(update.sha256)).toEqual(before);
    expect(await rejectionOf(bench.sign({ update: await rival() }))).toMatch(/^WATERMARK_ISSUED/);
    const [ci, production] = update.statement.documents;
    const marks = (await site.signer.status(false)).watermarks.filter(({ role }) => role === 'root');
    expect(marks.map(({ unpublished }) => unpublished)).toEqual(
      [ci, production].map(({ sha256 }) => [{ version: 4, sha256, statement: update.sha256 }]),
    );
    expect(await rejectionOf(site.signer.publishedRoots(bench.publish(update, first)))).toBe('RESOLVED');
    expect((await site.signer.status(false)).frozen).toEqual([]);
    // what a request key is, no evidence tells; the service shows them all before it has a root signed
    const shown = await site.signer.registerRequestKeys({ factory: 'acme', keys: [requestKey.key] });
    expect(shown.added).toBe(what === 'lost' ? 1 : 0);
    expect(signed()).toBe(made);
    await expect(verifyJournal(site.journalPath)).resolves.toMatchObject({ entries: site.journal.state.head.seq });
  });

  it('takes one that a key from outside signed as well', async () => {
    await start({ root: [outside] });
    const update = await bench.fixture.update([replaceKey('root', outside, nextRootKey), CHANGELOG], {
      outside: [outside],
    });
    const externals = [outside];
    const first = await bench.sign({ update, externals });
    const evidence = [await evidenceOf(update, first, { externals })];
    await putBack(lost, null);
    await recovered({ evidence });
    expect((await bench.sign({ update, externals })).signatures).toEqual(first.signatures);
  });

  it('lifts what published roots froze once their request is known again, or officers adopt them', async () => {
    await start();
    const copy = copyJournal(lost);
    const update = await bench.fixture.update([replaceKey('root', rootKey, nextRootKey), CHANGELOG]);
    const first = await bench.sign({ update });
    const evidence = [await evidenceOf(update, first)];
    const chains = bench.publish(update, first);
    const shown = (document: TargetsDocument) => ({
      ...{ factory: chains.factory, tag: document.tag, metadata: metadataText(document.metadata) },
    });
    const [document] = bench.fixture.documents;
    if (document === undefined) throw new Error('the fixture has a document');
    // what no offline key has signed is no reason to refuse the rest
    const published = [shown(targetsDocument('unowned', [KEYS.online])), shown(document), chains];
    for (const inputs of [{ evidence }, { published }, { published: [{ ...chains, ...shown(document) }] }]) {
      await putBack(lost, copy);
      await bench.site.restart();
      expect(await rejectionOf(bench.site.signer.publishedRoots(chains))).toMatch(/^ROLE_FROZEN/);
      await bench.site.stop();
      const { recovery } = await recovered(inputs);
      expect(recovery.lifts).toMatchObject([{ role: 'root', version: 4 }]);
      expect((await bench.site.signer.status(false)).frozen).toEqual([]);
    }
  });

  it('knows again what was signed beside a key that is destroyed since', async () => {
    await start();
    const { fixture, site, targets } = bench;
    const update = await fixture.update(ROTATION);
    const first = await bench.sign({ update });
    const evidence = [await evidenceOf(update, first, { publishedBy: [rootKey] })];
    const chains = bench.publish(update, first);
    await site.signer.publishedRoots(chains);
    const { body } = judgeDestroy(targetsKey.keyid, site.journal.state, await lost.token.keys());
    await site.journal.append(site.now, [body]);
    targets.hold([{ pair: standby }]);

    await putBack(lost, null);
    await recovered({ evidence });
    expect((await bench.sign({ update })).signatures).toEqual(first.signatures);
    expect(await rejectionOf(site.signer.publishedRoots(chains))).toBe('RESOLVED');
    const { keys, frozen } = await site.signer.status(false);
    expect(frozen).toEqual([]);
    expect(keys.map(({ keyid, use }) => [keyid, use]).sort()).toEqual(
      [
        [rootKey.keyid, 'in-root'],
        [nextRootKey.keyid, 'standby'],
        [standby.keyid, 'in-root'],
      ].sort(),
    );
  });
});
