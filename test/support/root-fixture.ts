/**
 * A Factory in memory whose roots are updated, with real keys, and dossiers of its updates. Everything is right as it comes
 * out; a test breaks the one thing it is about (`changeStatement`, `parts`).
 *
 *   const fixture = createRootFixture();                              // root 3, one root key, one offline targets key, one tag
 *   const update = await fixture.update([replaceKey(…), CHANGELOG]);  // a statement, with what has to be signed again
 *   const lines = await fixture.dossier({ update });                  // approved by alice and bob
 */
import {
  buildRootStatement,
  keyProofPayload,
  writeRootDossier,
  type ExternalSignature,
  type KeyProofSubject,
  type Pins,
  type RootDossierParts,
  type RootStatement,
  type RootStatementInput,
  type SignatureLine,
  type StatementKey,
} from '../../src/dossier/index.js';
import {
  chooseReSigned,
  planRootUpdate,
  type Repository,
  type ReSignOptions,
  type RootBase,
  type RootChange,
  type RootUpdate,
  type TargetsDocument,
} from '../../src/factory/index.js';
import type { Policy, PolicyFactory } from '../../src/policy/index.js';
import {
  encodeText,
  formatTime,
  serializeMetadata,
  sha256Hex,
  type RootMetadata,
  type TargetsMetadata,
} from '../../src/tuf/index.js';
import { createFixture, FIXTURE_NOW, metadataText, signRoot, signTargets, type Fixture } from './factory-fixture.js';
import { KEYS, newKey, targetsDocument } from './root-base.js';
import type { TufKey } from './tuf-key.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const REQUEST_ID = 'req_01jd9v3q5w8x2y4z6a7b9c1d3e';

export interface RootFixtureOptions {
  readonly now?: Date;
  /** Of the roots in force: 2, which the server made, or 3, which is the owner's and is the one unless given. */
  readonly version?: 2 | 3;
  readonly root?: readonly TufKey[];
  readonly rootThreshold?: number;
  /** Offline ones. */
  readonly targets?: readonly TufKey[];
  readonly productionThreshold?: number;
  /** Of the roots in force. */
  readonly expires?: string;
  /** Every production targets and Wave document; one of tag `production`, signed by all offline keys, unless given. */
  readonly documents?: readonly TargetsDocument[];
  readonly changeCiTargets?: (targets: TargetsMetadata) => TargetsMetadata;
  readonly rules?: Partial<NonNullable<Policy['kinds']['root']>> | null;
  readonly tokens?: PolicyFactory['tokens'];
  /** What the policy has besides the Factory whose roots are updated. */
  readonly otherFactories?: readonly PolicyFactory[];
  /** Keys besides those of `KEYS` that updates bring in. */
  readonly newKeys?: readonly TufKey[];
  /** Makes the officers' keys the same in every run. */
  readonly keySeed?: string;
}

export interface UpdateOptions extends ReSignOptions {
  /** Root keys in tokens; the ones that planRootUpdate chooses, but for `outside`, unless given. */
  readonly sign?: readonly TufKey[];
  /** Root keys that sign from outside. */
  readonly outside?: readonly TufKey[];
  /** Changes what is put into the statement before it is built. */
  readonly input?: (input: RootStatementInput) => RootStatementInput;
  /** Changes the statement after it was built, whether that makes sense or not. */
  readonly changeStatement?: (statement: RootStatement) => unknown;
}

export interface FixtureUpdate {
  readonly text: string;
  readonly sha256: string;
  readonly statement: RootStatement;
  readonly update: RootUpdate;
}

export interface RootDossierOptions {
  readonly update: FixtureUpdate;
  readonly approvals?: readonly string[];
  /** Root keys that signed from outside. */
  readonly externals?: readonly TufKey[];
  /** Signed by all keys that the statement names, at that time. */
  readonly signedAt?: Date;
  /** Published with the signatures of these keys. */
  readonly publishedBy?: readonly TufKey[];
  readonly parts?: (parts: RootDossierParts) => RootDossierParts;
}

export interface RootFixture {
  readonly officers: Fixture;
  readonly pins: Pins;
  readonly now: Date;
  readonly base: RootBase;
  readonly roots: Readonly<Record<Repository, readonly RootMetadata[]>>;
  readonly ciTargets: TargetsMetadata;
  readonly documents: readonly TargetsDocument[];
  /** What a root statement says of a key in a token. */
  statementKey(key: TufKey, role: 'root' | 'targets', over?: Partial<KeyProofSubject>): StatementKey;
  update(changes: readonly RootChange[], options?: UpdateOptions): Promise<FixtureUpdate>;
  externals(update: FixtureUpdate, keys: readonly TufKey[]): ExternalSignature[];
  sign(update: FixtureUpdate, signedAt: Date): Omit<SignatureLine, 'type'>[];
  parts(options: RootDossierOptions): RootDossierParts;
  dossier(options: RootDossierOptions): Promise<string[]>;
}

export function createRootFixture(options: RootFixtureOptions = {}): RootFixture {
  const { version = 3, now = FIXTURE_NOW } = options;
  const targets = options.targets ?? (version === 2 ? [] : [KEYS.targets[0]]);
  const roots = makeRoots({ ...options, version, targets }, now);
  const last = { ci: lastOf(roots.ci), production: lastOf(roots.production) };
  const firstRootSha256 = roots.ci[0]?.sha256 ?? '';
  const tokens = options.tokens ?? [
    { label: 'root', serial: null, roles: ['root'] },
    { label: 'targets', serial: '0001', roles: ['targets'] },
  ];
  const { otherFactories = [] } = options;
  const officers = createFixture({
    now,
    ...(options.keySeed === undefined ? {} : { keySeed: options.keySeed }),
    changePolicy: ({ factories, kinds, ...policy }) => ({
      ...policy,
      factories: [
        ...factories.map((factory) => ({ ...factory, firstRoot: { version: 1, sha256: firstRootSha256 }, tokens })),
        ...otherFactories,
      ],
      kinds: options.rules === null ? kinds : { ...kinds, root: { ...kinds.wave, ...options.rules } },
    }),
  });
  const service = officers.policy.sha256;
  const known = [...KEYS.root, ...KEYS.targets, ...KEYS.spare, ...(options.newKeys ?? [])];
  const keyOf = (keyid: string): TufKey => {
    const key = known.find((candidate) => candidate.keyid === keyid);
    if (key === undefined) throw new Error(`no key ${keyid} among those of the tests`);
    return key;
  };
  const base: RootBase = {
    ci: last.ci.signed,
    production: last.production.signed,
    onlineTargetsKeyid: KEYS.online.keyid,
  };
  const signedCi = signTargets(officers.ciTargets.signed, [KEYS.online]);
  const ciTargets = options.changeCiTargets?.(signedCi) ?? signedCi;
  const documents = options.documents ?? [targetsDocument('production', [...targets, KEYS.online])];

  const statementKey: RootFixture['statementKey'] = (key, role, over = {}) => {
    const { spkiBase64 } = newKey(key);
    const subject = { factory: officers.factory, keyid: key.keyid, role, service, ...over };
    const { method, sig } = key.sign(keyProofPayload(subject));
    return {
      keyid: key.keyid,
      keytype: key.key.keytype,
      spkiBase64,
      role,
      token: { label: role, serial: '0001' },
      attributes: { sensitive: true, extractable: false, alwaysSensitive: true, neverExtractable: true, local: true },
      proof: { method, sig },
    };
  };

  const update: RootFixture['update'] = async (changes, asked = {}) => {
    const all = chooseReSigned(changes, base, documents, asked);
    const { intent, ci } = planRootUpdate(all, base);
    const outside = (asked.outside ?? []).map(({ keyid }) => keyid);
    const input: RootStatementInput = {
      service,
      policy: officers.policy,
      factory: officers.factory,
      id: REQUEST_ID,
      changes: all,
      requester: { name: 'ci', via: 'ci' },
      reason: 'the keys of the year',
      created: new Date(now.getTime() - 60_000),
      expires: new Date(now.getTime() + DAY_MS),
      roots: last,
      ciTargets,
      documents,
      keys: intent.keys.flatMap((change) =>
        change.op === 'remove-key' ? [] : [statementKey(keyOf(change.new.keyid), change.role)],
      ),
      sign:
        asked.sign?.map(({ keyid }) => keyid) ??
        [...new Set([...(base.ci.roles['root']?.keyids ?? []), ...(ci.roles['root']?.keyids ?? [])])].filter(
          (keyid) => !outside.includes(keyid),
        ),
      upstream: null,
    };
    const built = await buildRootStatement(asked.input?.(input) ?? input);
    const { statement } = built;
    const text =
      asked.changeStatement === undefined ? built.text : encodeText(asked.changeStatement(structuredClone(statement)));
    return { statement, update: built.update, text, sha256: sha256Hex(text) };
  };

  const externals: RootFixture['externals'] = ({ update: made }, keys) =>
    keys.flatMap((key) =>
      ([0, 1] as const).map((document) => ({ document, ...key.sign(document === 0 ? made.ci : made.production) })),
    );

  const sign: RootFixture['sign'] = ({ statement, update: made }, signedAt) => {
    const byName = new Map(documents.map(({ tag, wave, metadata }) => [wave ?? `tag ${tag}`, metadata.signedBytes]));
    return statement.documents.flatMap((entry, document) => {
      const bytes =
        entry.role === 'root'
          ? made[entry.repository]
          : (byName.get(entry.wave ?? `tag ${entry.tag}`) ?? Buffer.alloc(0));
      return entry.sign.map((keyid) => ({ document, ...keyOf(keyid).sign(bytes), signedAt: formatTime(signedAt) }));
    });
  };

  const parts: RootFixture['parts'] = (asked) => {
    const { update: it } = asked;
    const texts = { ci: roots.ci.map(metadataText), production: roots.production.map(metadataText) };
    const publish = (signedBytes: Buffer) =>
      serializeMetadata({
        signatures: (asked.publishedBy ?? []).map((key) => key.sign(signedBytes)),
        signedBytes,
      }).toString('utf8');
    const made: RootDossierParts = {
      policies: [officers.policyText],
      roots: texts,
      statement: it.text,
      approvals: (asked.approvals ?? ['alice', 'bob']).map((person) => officers.approve(person, it.text)),
      ciTargets: metadataText(ciTargets),
      targets: documents
        .filter(({ wave }) => wave === null)
        .map(({ tag, metadata }) => ({ tag, text: metadataText(metadata) })),
      waveTargets: documents.flatMap(({ tag, wave, metadata }) =>
        wave === null ? [] : [{ wave, tag, text: metadataText(metadata) }],
      ),
      documents: [it.update.ci.toString('utf8'), it.update.production.toString('utf8')],
      externals: externals(it, asked.externals ?? []),
      signatures: asked.signedAt === undefined ? [] : sign(it, asked.signedAt),
      published:
        asked.publishedBy === undefined
          ? null
          : { ci: publish(it.update.ci), production: publish(it.update.production) },
    };
    return asked.parts === undefined ? made : asked.parts(made);
  };

  return {
    officers,
    pins: {
      policySha256: service,
      firstRootSha256: {
        [officers.factory]: firstRootSha256,
        ...Object.fromEntries(otherFactories.map(({ name, firstRoot }) => [name, firstRoot.sha256])),
      },
    },
    now,
    base,
    roots,
    ciTargets,
    documents,
    statementKey,
    update,
    externals,
    sign,
    parts,
    dossier: async (asked) => {
      const lines: string[] = [];
      for await (const line of writeRootDossier(parts(asked))) lines.push(line);
      return lines;
    },
  };
}

function makeRoots(
  options: RootFixtureOptions & { version: 2 | 3; targets: readonly TufKey[] },
  now: Date,
): Record<Repository, RootMetadata[]> {
  const { version, targets, rootThreshold = 1, productionThreshold = 2 } = options;
  const owned = options.root ?? [KEYS.root[0]];
  // what the server makes has keys of the server alone; the first root key of tests is the last of the spare ones
  const first = version === 2 ? owned : [KEYS.spare[3]];
  const role = (keys: readonly TufKey[], threshold = 1) => ({ keyids: keys.map(({ keyid }) => keyid), threshold });
  const draft = (number: number, rootKeys: readonly TufKey[], offline: readonly TufKey[], threshold: number) => ({
    _type: 'Root',
    consistent_snapshot: false,
    expires: options.expires ?? formatTime(new Date(now.getTime() + 200 * DAY_MS)),
    keys: Object.fromEntries(
      [...rootKeys, ...offline, KEYS.online, KEYS.snapshot, KEYS.timestamp].map(({ keyid, key }) => [keyid, key]),
    ),
    roles: {
      root: role(rootKeys, number < 3 ? 1 : rootThreshold),
      snapshot: role([KEYS.snapshot]),
      targets: role([KEYS.online, ...offline], threshold),
      timestamp: role([KEYS.timestamp]),
    },
    version: number,
  });
  const shared = [1, 2].map((number) => signRoot(draft(number, first, [], 1), first));
  if (version === 2) return { ci: shared, production: shared };
  const third = (threshold: number) => signRoot(draft(3, owned, targets, threshold), [...owned, ...first]);
  return { ci: [...shared, third(1)], production: [...shared, third(productionThreshold)] };
}

function lastOf<T>(items: readonly T[]): T {
  const last = items.at(-1);
  if (last === undefined) throw new Error('an empty list');
  return last;
}
