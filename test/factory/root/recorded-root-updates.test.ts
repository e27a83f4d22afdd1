/** What the real fioctl sent for every step of two stories: the changes found in it have to make the same bytes. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  applyRootChanges,
  checkRootAnswer,
  chooseReSigned,
  describeRootChanges,
  diffRoot,
  formatRootChanges,
  readBegunUpdate,
  reSignDocuments,
  requireRootSigners,
  type AnsweredRoots,
  type ProposedRoots,
  type RootBase,
  type RootChange,
  type TargetsDocument,
} from '../../../src/factory/index.js';
import {
  encodeCanonical,
  parseRoot,
  parseTargets,
  serializeMetadata,
  verifyRootChain,
  verifySignature,
  type RootMetadata,
  type Signature,
} from '../../../src/tuf/index.js';
import { placeOf } from '../../support/error-code.js';
import { describeGolden, goldenPath } from '../../tuf/golden.js';

const onlineKeysSchema = z.object({ targets: z.string(), snapshot: z.string(), timestamp: z.string() });
const rootsSchema = z.object({ 'ci-root': z.string(), 'prod-root': z.string(), 'online-keys': onlineKeysSchema });
const updatesSchema = z.object({ status: z.string(), current: rootsSchema, updated: rootsSchema.nullish() });
const signatureSchema = z.object({ keyid: z.string(), method: z.string(), sig: z.string() });
const metadataSchema = z.object({ signatures: z.array(signatureSchema), signed: z.unknown() });
const putSchema = z.object({
  'ci-root': metadataSchema,
  'prod-root': metadataSchema,
  'targets-signatures': z.record(z.string(), z.array(signatureSchema)).default({}),
  'waves-signatures': z.record(z.string(), z.array(signatureSchema)).default({}),
});
const beginSchema = z.object({ message: z.string() });
const recordingSchema = z.object({
  command: z.string(),
  exchanges: z.array(
    z.object({
      method: z.string(),
      path: z.string(),
      status: z.number(),
      'request-body': z.unknown(),
      'response-body': z.unknown(),
    }),
  ),
});

/** One PUT of both roots, and what fioctl had been served before it. */
interface RecordedPut {
  readonly file: string;
  readonly status: number;
  readonly base: RootBase;
  readonly generated: z.infer<typeof onlineKeysSchema>;
  readonly ci: RootMetadata;
  readonly production: RootMetadata;
  readonly documents: readonly TargetsDocument[];
  readonly signatures: Readonly<Record<'production' | 'wave', Readonly<Record<string, readonly Signature[]>>>>;
}

const STORIES = ['A', 'B'] as const;

function recordingsOf(story: string): { file: string; exchanges: z.infer<typeof recordingSchema>['exchanges'] }[] {
  const folder = goldenPath(`fioctl/${story}`);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => ({
      file: `${story}/${name}`,
      exchanges: recordingSchema.parse(JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'))).exchanges,
    }));
}

const rootOf = (text: string): RootMetadata => parseRoot(Buffer.from(text));

function baseOf({ current }: z.infer<typeof updatesSchema>): RootBase {
  const ci = rootOf(current['ci-root']).signed;
  return {
    ci,
    production: current['prod-root'] === '' ? ci : rootOf(current['prod-root']).signed,
    onlineTargetsKeyid: current['online-keys'].targets,
  };
}

function putsOf(story: string): RecordedPut[] {
  return recordingsOf(story).flatMap(({ file, exchanges }): RecordedPut[] => {
    const put = exchanges.find(({ method, path }) => method === 'PUT' && path.endsWith('root/updates'));
    if (put === undefined) return [];
    const body = putSchema.parse(put['request-body']);
    const served = exchanges.filter(({ method, path }) => method === 'GET' && path.endsWith('root/updates'));
    const updates = updatesSchema.parse(served.at(-1)?.['response-body']);
    const documentsAt = (path: string, wave: boolean): TargetsDocument[] => {
      const found = exchanges.find((exchange) => exchange.path.endsWith(path) && exchange.status === 200);
      const all = z.record(z.string(), z.unknown()).parse(found?.['response-body'] ?? {});
      return Object.entries(all).map(([name, document]) => ({
        tag: wave ? 'production' : name,
        wave: wave ? name : null,
        metadata: parseTargets(encodeCanonical(document)),
      }));
    };
    return [
      {
        file,
        status: put.status,
        base: baseOf(updates),
        generated: updates.updated?.['online-keys'] ?? updates.current['online-keys'],
        ci: parseRoot(encodeCanonical(body['ci-root'])),
        production: parseRoot(encodeCanonical(body['prod-root'])),
        documents: [...documentsAt('/prod-targets/', false), ...documentsAt('/wave-targets/', true)],
        signatures: { production: body['targets-signatures'], wave: body['waves-signatures'] },
      },
    ];
  });
}

const proposedBy = ({ ci, production }: RecordedPut): ProposedRoots => ({
  ci: ci.signed,
  production: production.signed,
});

/** More signatures than keys: fioctl stages it, the Factory refuses it when it is applied, and we at once. */
const MISTAKES = ['B/43-keys-tuf-updates-set-threshold.json', 'B/44-keys-tuf-updates-sign.json'];

const OPS: Readonly<Record<string, readonly string[]>> = {
  'A/05': ['replace-key', 'set-expires', 'changelog'],
  'A/07': ['add-key', 'changelog'],
  'A/14': ['replace-key', 'changelog'],
  'A/23': ['replace-key', 'changelog'],
  'A/28': ['replace-key', 'changelog'],
  'A/30': ['remove-key', 'changelog'],
  'A/31': ['replace-key', 'changelog'],
  'A/32': ['replace-key', 'changelog'],
  'A/33': ['replace-key', 'changelog'],
  'A/38': ['replace-key', 'set-expires', 'changelog'],
  'B/06': ['add-key', 'changelog'],
  'B/07': ['add-key', 'changelog'],
  'B/10': ['replace-key', 'add-key', 'set-expires', 'changelog'],
  'B/20': ['add-key', 'changelog'],
  'B/22': ['add-key', 'add-key', 'changelog'],
  'B/23': ['add-key', 'add-key', 'set-threshold', 'changelog'],
  'B/25': ['add-key', 'add-key', 'set-threshold', 'changelog'],
  'B/26': ['add-key', 'add-key', 'set-threshold', 'changelog'],
  'B/28': ['add-key', 'add-key', 'set-threshold', 'changelog'],
  'B/32': ['replace-online-key', 'replace-online-key', 'replace-online-key', 'changelog'],
  'B/33': ['replace-online-key', 'replace-online-key', 'replace-online-key', 'changelog'],
  'B/38': ['remove-key', 'changelog'],
  'B/39': ['remove-key', 'changelog'],
  'B/40': ['remove-key', 'changelog'],
  'B/50': ['replace-key', 'set-expires', 'changelog'],
  'B/51': ['replace-key', 'set-expires', 'changelog'],
  'B/54': ['replace-key', 'set-expires', 'changelog'],
  'B/55': ['replace-key', 'set-expires', 'changelog'],
};

describeGolden('fioctl', 'root updates that the real fioctl made', () => {
  const puts = STORIES.flatMap(putsOf);
  const sound = puts.filter(({ file }) => !MISTAKES.includes(file));
  const changesOf = ({ base, generated, ...put }: RecordedPut): RootChange[] =>
    diffRoot(base, proposedBy({ base, generated, ...put }), generated);

  test('are there', () => {
    expect(puts.map(({ file }) => file.slice(0, 4)).sort()).toEqual([...Object.keys(OPS), 'B/43', 'B/44'].sort());
  });

  test('come out the same, byte for byte, from the changes found in them', () => {
    for (const put of sound) {
      const changes = changesOf(put);
      expect([put.file.slice(0, 4), changes.map(({ op }) => op)]).toEqual([
        put.file.slice(0, 4),
        OPS[put.file.slice(0, 4)],
      ]);
      const made = applyRootChanges(changes, put.base);
      expect(made.ci.toString()).toBe(put.ci.signedBytes.toString());
      expect(made.production.toString()).toBe(put.production.signedBytes.toString());
    }
  });

  test('are refused where the threshold is above the number of keys', () => {
    for (const put of puts.filter(({ file }) => MISTAKES.includes(file))) {
      expect(placeOf(() => changesOf(put))).toBe('ROOT_THRESHOLD_UNREACHABLE /signed/roles/root/threshold');
    }
  });

  test('are signed by keys that are chosen here too, as far as fioctl got', () => {
    for (const put of sound) {
      const { signers } = applyRootChanges(changesOf(put), put.base);
      for (const { signatures } of [put.ci, put.production]) {
        const keyids = signatures.map(({ keyid }) => keyid);
        expect(signers.keyids).toEqual(expect.arrayContaining(keyids));
        if (keyids.length === signers.keyids.length) requireRootSigners(signers, keyids);
      }
    }
  });

  test.each(STORIES)('%s: made here and signed there, they are chains that a device follows', (story) => {
    const [first, second] = recordingsOf(story)
      .slice(0, 1)
      .flatMap(({ exchanges }) =>
        exchanges.slice(0, 2).map((exchange) => parseRoot(encodeCanonical(exchange['response-body']))),
      );
    if (first === undefined || second === undefined) throw new Error('the recording has no first roots');
    for (const repository of ['ci', 'production'] as const) {
      const chain = new Map<number, RootMetadata>();
      for (const put of sound.filter(({ file, status }) => file.startsWith(story) && status === 200)) {
        const bytes = applyRootChanges(changesOf(put), put.base)[repository];
        const { signatures } = put[repository];
        chain.set(put.ci.signed.version, parseRoot(serializeMetadata({ signatures, signedBytes: bytes })));
      }
      const roots = [first, second, ...chain.values()];
      const last = verifyRootChain(roots, { trustedSha256: first.sha256, now: new Date('2026-11-22T17:00:00Z') });
      expect(last.signed.version).toBe(story === 'A' ? 8 : 7);
    }
  });

  test('sign the same documents again, with the same keys', () => {
    let compared = 0;
    for (const { documents, signatures, ...put } of sound) {
      const recorded = [
        ...Object.entries(signatures.production).map(([tag, made]) => ({ tag, wave: null, made })),
        ...Object.entries(signatures.wave).map(([wave, made]) => ({ tag: 'production', wave, made })),
      ];
      // a PUT without them leaves those that are staged already
      if (documents.length === 0) continue;
      const also = put.file.includes('sign-prod-targets')
        ? recorded.flatMap(({ made }) => made.map((s) => s.keyid))
        : [];
      const changes = chooseReSigned(changesOf({ documents, signatures, ...put }), put.base, documents, { also });
      const inOrder = (): unknown[] =>
        Array.from(reSignDocuments(changes, put.base, documents), ({ tag, wave, sign, signedBytes }) => {
          const match = recorded.find((other) => other.tag === tag && other.wave === wave);
          for (const signature of match?.made ?? []) {
            const key = put.production.signed.keys[signature.keyid];
            if (key !== undefined) verifySignature(key, signature, signedBytes);
          }
          return [tag, wave, sign];
        });
      if (put.file.startsWith('A/14')) {
        expect(placeOf(inOrder)).toBe('ROOT_WAVE_ACTIVE (no pointer)');
        continue;
      }
      expect(inOrder()).toEqual(recorded.map(({ tag, wave, made }) => [tag, wave, made.map(({ keyid }) => keyid)]));
      compared += recorded.length;
      expect(formatRootChanges(describeRootChanges(changes, put.base, documents))).toContain('re-sign');
    }
    expect(compared).toBeGreaterThanOrEqual(4);
  });

  test('are returned by the Factory as they were sent, and begin with a changelog alone', () => {
    let begun = 0;
    for (const story of STORIES) {
      let sent: RecordedPut | null = null;
      let message = '';
      for (const { exchanges } of recordingsOf(story)) {
        for (const exchange of exchanges.filter(({ path }) => path.endsWith('root/updates'))) {
          if (exchange.method === 'POST' && exchange.status === 201) {
            message = beginSchema.parse(exchange['request-body']).message;
            sent = null;
          }
          if (exchange.method !== 'GET') continue;
          const updates = updatesSchema.parse(exchange['response-body']);
          if (updates.updated === undefined || updates.updated === null) continue;
          const answered: AnsweredRoots = {
            ci: rootOf(updates.updated['ci-root']).signed,
            production: updates.updated['prod-root'] === '' ? null : rootOf(updates.updated['prod-root']).signed,
            onlineKeys: updates.updated['online-keys'],
          };
          if (sent === null && updates.current['online-keys'].targets === answered.onlineKeys.targets) {
            expect(readBegunUpdate(baseOf(updates), answered, message)).toMatchObject({ op: 'changelog', message });
            begun += 1;
          }
          if (sent !== null) {
            const { ci, production } = proposedBy(sent);
            const onlineTargetsKeyid = sent.generated.targets;
            expect(checkRootAnswer({ ci, production, onlineTargetsKeyid }, answered)).toEqual([]);
          }
        }
        const put = exchanges.find(({ method, status }) => method === 'PUT' && status === 200);
        if (put !== undefined)
          sent =
            puts.find(({ ci }) =>
              ci.signedBytes.equals(
                parseRoot(encodeCanonical(putSchema.parse(put['request-body'])['ci-root'])).signedBytes,
              ),
            ) ?? null;
      }
    }
    expect(begun).toBeGreaterThanOrEqual(10);
  });
});

describeGolden('foundries', 'roots of a real Factory', () => {
  const roots = [1, 2, 3, 4, 5, 6, 7].map((version) =>
    parseRoot(readFileSync(goldenPath(`foundries/${version}.root.json`))),
  );
  const online = 'c7bff5';

  /** Only the CI roots are known; the production roots differ in one number. */
  function productionOf(ci: RootMetadata): RootMetadata['signed'] {
    const { roles, ...rest } = ci.signed;
    const targets = { keyids: roles['targets']?.keyids ?? [], threshold: 2 };
    return ci.signed.version < 3 ? ci.signed : { ...rest, roles: { ...roles, targets } };
  }

  test.each([
    [3, ['replace-key', 'set-expires', 'changelog']],
    [4, ['add-key', 'changelog']],
    [5, ['replace-key', 'changelog']],
    [6, ['replace-key', 'changelog']],
    [7, ['replace-key', 'set-expires', 'changelog']],
  ])('%i follows from the one before by changes', (version, ops) => {
    const before = roots[version - 2];
    const after = roots[version - 1];
    if (before === undefined || after === undefined) throw new Error('no such root');
    const onlineTargetsKeyid = before.signed.roles['targets']?.keyids.find((keyid) => keyid.startsWith(online)) ?? '';
    const base = { ci: before.signed, production: productionOf(before), onlineTargetsKeyid };
    const changes = diffRoot(base, { ci: after.signed, production: productionOf(after) });
    expect(changes.map(({ op }) => op)).toEqual(ops);
    const made = applyRootChanges(changes, base);
    expect(made.ci.toString()).toBe(after.signedBytes.toString());
    expect(after.signatures.map(({ keyid }) => keyid).sort()).toEqual([...made.signers.keyids].sort());
  });

  test('2 is the Factory’s own, and follows by no change', () => {
    const [one, two] = roots;
    if (one === undefined || two === undefined) throw new Error('no such root');
    const base = {
      ci: one.signed,
      production: one.signed,
      onlineTargetsKeyid: one.signed.roles['targets']?.keyids[0] ?? '',
    };
    expect(placeOf(() => diffRoot(base, { ci: two.signed, production: two.signed }))).toBe(
      'ROOT_ONLINE_KEY /signed/roles/targets/keyids/0',
    );
  });
});
