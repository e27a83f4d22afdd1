/**
 * A Factory in memory, its officers and its policy, all with real keys, and dossiers of its Waves. Everything
 * is right as it comes out; a test breaks the one thing it is about (`change…`, `parts`).
 *
 *   const fixture = createFixture();
 *   const lines = fixture.dossier();                        // Wave w42 for tag production, approved by alice and bob
 *   const wave = fixture.wave({ prune: [40] });             // a statement to approve by hand
 *   fixture.dossier({ wave, approvals: ['alice'] });
 */
import { encodeRejection, NAMESPACES, type Namespace } from '../../src/approval/index.js';
import {
  buildWaveStatement,
  writeDossier,
  type DossierParts,
  type Pins,
  type SignatureLine,
  type WaveStatement,
} from '../../src/dossier/index.js';
import { writeWaveChanges, type Repository, type WaveBase, type WaveChange } from '../../src/factory/index.js';
import { draftPolicy, serializePolicy, signedPolicy, type Policy, type SignedPolicy } from '../../src/policy/index.js';
import {
  encodeCanonical,
  encodeText,
  formatTime,
  parseRoot,
  parseTargets,
  serializeMetadata,
  sha256Hex,
  type JsonValue,
  type Key,
  type Root,
  type RootMetadata,
  type TargetEntry,
  type Targets,
  type TargetsMetadata,
} from '../../src/tuf/index.js';
import { softKey, type SoftKey } from './ssh-forge.js';
import { tufKey, type TufKey } from './tuf-key.js';

const DAY_MS = 24 * 60 * 60 * 1000;
export const FIXTURE_NOW = new Date('2026-11-22T16:00:00Z');
const FIXTURE_REQUEST_ID = 'req_01jd9v3q5w8x2y4z6a7b9c1d3e';

export interface FixtureOptions {
  /** Makes every key the same in every run, and so every signature. */
  readonly keySeed?: string;
  readonly factory?: string;
  readonly url?: string;
  /** alice, bob and carol unless given. */
  readonly officers?: readonly string[];
  readonly quorum?: number;
  readonly singleOfficer?: boolean;
  readonly maxExpiresDays?: number;
  /** Everything is made shortly before it. */
  readonly now?: Date;
  readonly offlineKeytype?: Key['keytype'];
  /** The Factory's online key; a new one unless given. */
  readonly onlineKey?: TufKey;
  /** Public keys held elsewhere (in a token): root 3 names them as offline targets keys instead of one made here. */
  readonly offlineKeys?: readonly { readonly keyid: string; readonly key: Key }[];
  /** Keys that root 3 names for the root role beside the one made here. */
  readonly rootKeys?: readonly { readonly keyid: string; readonly key: Key }[];
  readonly productionThreshold?: number;
  /** Version of the tag's production targets; null for a tag before its first Wave. 40 unless given. */
  readonly productionVersion?: number | null;
  readonly tag?: string;
  /** More of the policy, before it is signed. */
  readonly changePolicy?: (policy: Policy) => Policy;
  /** More of the CI targets, before they are signed. */
  readonly changeCiTargets?: (targets: Targets) => unknown;
  readonly changeProductionTargets?: (targets: Targets) => unknown;
  /** Hears of everything that an officer's key signs. */
  readonly onOfficerSigns?: (person: string, namespace: Namespace, message: string) => void;
}

export interface WaveOptions {
  readonly name?: string;
  readonly tag?: string;
  readonly version?: number;
  readonly sourceTag?: string | null;
  readonly prune?: readonly number[];
  readonly expires?: string;
  readonly requester?: WaveStatement['requester'];
  readonly reason?: string;
  readonly id?: string;
  readonly created?: Date;
  readonly lifetimeMs?: number;
  readonly sign?: readonly string[];
  readonly supersedes?: WaveStatement['supersedes'];
  /** Changes the statement after it was built, whether that makes sense or not. */
  readonly changeStatement?: (statement: WaveStatement) => unknown;
}

export interface FixtureWave {
  readonly text: string;
  readonly sha256: string;
  readonly statement: WaveStatement;
  readonly document: Buffer;
}

export interface DossierOptions {
  readonly wave?: FixtureWave;
  /** Officers who approve; as many as the policy wants unless given. */
  readonly approvals?: readonly string[];
  readonly rejections?: readonly { readonly person: string; readonly reason: string }[];
  /** Signed by the offline keys made here, at that time. */
  readonly signedAt?: Date;
  readonly published?: boolean;
  /** Changes the parts before they are written. */
  readonly parts?: (parts: DossierParts) => DossierParts;
}

export interface Fixture {
  readonly factory: string;
  readonly tag: string;
  readonly now: Date;
  readonly officers: ReadonlyMap<string, SoftKey>;
  readonly policy: SignedPolicy;
  /** policy.json, as it stands in a dossier. */
  readonly policyText: string;
  readonly pins: Pins;
  readonly keys: { readonly root: TufKey; readonly online: TufKey; readonly offline: TufKey | null };
  /** What a Wave is signed with. */
  readonly offlineKeyids: readonly string[];
  /** Root metadata 1, 2, 3. */
  readonly roots: Readonly<Record<Repository, readonly RootMetadata[]>>;
  readonly rootTexts: Readonly<Record<Repository, readonly string[]>>;
  readonly ciTargets: TargetsMetadata;
  readonly productionTargets: TargetsMetadata | null;
  readonly base: WaveBase;
  wave(options?: WaveOptions): FixtureWave;
  sshsig(person: string, namespace: Namespace, message: Uint8Array | string): string;
  /** An armored approval of a statement's text. */
  approve(person: string, statementText: string): string;
  reject(person: string, statementText: string, reason: string): { text: string; sshsig: string };
  /** Signature lines as the signer would give them. Only for offline keys made here. */
  sign(document: Buffer, signedAt?: Date): Omit<SignatureLine, 'type'>[];
  /** What the Factory publishes: the document with the offline and the online signature. */
  publish(document: Buffer): string;
  parts(options?: DossierOptions): DossierParts;
  /** Lines with their line feeds. */
  dossier(options?: DossierOptions): string[];
}

export function createFixture(options: FixtureOptions = {}): Fixture {
  const { factory = 'acme', now = FIXTURE_NOW, tag = 'production', productionVersion = 40 } = options;
  const seedOf = (what: string) => (options.keySeed === undefined ? undefined : `${options.keySeed} ${what}`);
  const keys = {
    first: tufKey('ED25519', seedOf('first root')),
    root: tufKey('ED25519', seedOf('root')),
    online: options.onlineKey ?? tufKey('ED25519', seedOf('online')),
    offline: options.offlineKeys === undefined ? tufKey(options.offlineKeytype, seedOf('offline')) : null,
  };
  const offlineKeys = options.offlineKeys ?? (keys.offline === null ? [] : [keys.offline]);
  const offlineKeyids = offlineKeys.map(({ keyid }) => keyid);
  const roots = makeRoots(options, keys, offlineKeys, now);
  const rootTexts = { ci: roots.ci.map(metadataText), production: roots.production.map(metadataText) };
  const firstRoot = roots.ci[0];
  if (firstRoot === undefined) throw new Error('the fixture has roots');

  const officers = new Map(
    (options.officers ?? ['alice', 'bob', 'carol']).map((person) => {
      const seed = seedOf(person);
      return [person, softKey('ssh-ed25519', seed === undefined ? {} : { seed })];
    }),
  );
  const sshsig: Fixture['sshsig'] = (person, namespace, message) => {
    const key = officers.get(person);
    if (key === undefined) throw new Error(`${person} is no officer of the fixture`);
    options.onOfficerSigns?.(person, namespace, Buffer.from(message).toString('utf8'));
    return key.sign(namespace, message);
  };
  const unsigned = makePolicy(options, { factory, now, officers, firstRootSha256: firstRoot.sha256 });
  const policy = signedPolicy(
    unsigned,
    unsigned.officers
      .filter(({ person }) => officers.has(person))
      .map(({ person }) => ({ person, sshsig: sshsig(person, NAMESPACES.policy, signedPolicy(unsigned).text) })),
  );

  const ciTargets = signTargets(makeCiTargets(now, options.changeCiTargets), [keys.online]);
  const productionTargets =
    productionVersion === null
      ? null
      : signTargets(
          makeProductionTargets(ciTargets.signed, productionVersion, tag, now, options.changeProductionTargets),
          keys.offline === null ? [keys.online] : [keys.offline, keys.online],
        );
  const base = { ciTargets: ciTargets.signed, productionTargets: productionTargets?.signed ?? null };

  const wave: Fixture['wave'] = (waveOptions = {}) => {
    const { changeStatement, ...asked } = waveOptions;
    const created = asked.created ?? new Date(now.getTime() - 60_000);
    const version = asked.version ?? 42;
    const last = { ci: lastOf(roots.ci), production: lastOf(roots.production) };
    const built = buildWaveStatement({
      service: policy.sha256,
      policy,
      factory,
      id: asked.id ?? FIXTURE_REQUEST_ID,
      wave: asked.name ?? `w${version}`,
      tag: asked.tag ?? tag,
      changes: changesOf(asked, version, now),
      requester: asked.requester ?? { name: 'ci', via: 'ci' },
      reason: asked.reason ?? 'the release of the week',
      created,
      expires: new Date(created.getTime() + (asked.lifetimeMs ?? DAY_MS)),
      roots: last,
      ciTargets,
      productionTargets: asked.tag === undefined || asked.tag === tag ? productionTargets : null,
      sign: asked.sign ?? offlineKeyids,
      supersedes: asked.supersedes ?? null,
    });
    const { statement, document } = built;
    const text = changeStatement === undefined ? built.text : encodeText(changeStatement(structuredClone(statement)));
    return { statement, document, text, sha256: sha256Hex(text) };
  };

  const approve: Fixture['approve'] = (person, text) => sshsig(person, NAMESPACES.approve, text);
  const reject: Fixture['reject'] = (person, text, reason) => {
    const rejection = encodeRejection({ statementSha256: sha256Hex(text), reason });
    return { text: rejection.toString('utf8'), sshsig: sshsig(person, NAMESPACES.reject, rejection) };
  };
  const sign: Fixture['sign'] = (document, signedAt = now) => {
    if (keys.offline === null) throw new Error('the offline keys of this fixture are held elsewhere');
    const { keyid, method, sig } = keys.offline.sign(document);
    return [{ document: 0, keyid, method, sig, signedAt: formatTime(signedAt) }];
  };
  const publish: Fixture['publish'] = (document) => {
    if (keys.offline === null) throw new Error('the offline keys of this fixture are held elsewhere');
    const signatures = [keys.offline.sign(document), keys.online.sign(document)];
    return serializeMetadata({ signatures, signedBytes: document }).toString('utf8');
  };

  const enough = [...officers.keys()].slice(0, policy.policy.kinds.wave.quorum);
  const policyText = serializePolicy(policy);
  const parts: Fixture['parts'] = (asked = {}) => {
    const it = asked.wave ?? wave();
    const made: DossierParts = {
      policies: [policyText],
      roots: rootTexts,
      statement: it.text,
      approvals: (asked.approvals ?? enough).map((person) => approve(person, it.text)),
      rejections: (asked.rejections ?? []).map(({ person, reason }) => reject(person, it.text, reason)),
      ciTargets: metadataText(ciTargets),
      productionTargets: productionTargets === null ? null : { tag, text: metadataText(productionTargets) },
      documents: [it.document.toString('utf8')],
      signatures: asked.signedAt === undefined ? [] : sign(it.document, asked.signedAt),
      published: asked.published === true ? publish(it.document) : null,
    };
    return asked.parts === undefined ? made : asked.parts(made);
  };

  return {
    factory,
    tag,
    now,
    officers,
    policy,
    policyText,
    pins: { policySha256: policy.sha256, firstRootSha256: { [factory]: firstRoot.sha256 } },
    keys,
    offlineKeyids,
    roots,
    rootTexts,
    ciTargets,
    productionTargets,
    base,
    wave,
    sshsig,
    approve,
    reject,
    sign,
    publish,
    parts,
    dossier: (asked) => [...writeDossier(parts(asked))],
  };
}

/** Metadata as it is served. */
export function metadataText(metadata: RootMetadata | TargetsMetadata): string {
  return serializeMetadata(metadata).toString('utf8');
}

/** Targets metadata of that `signed`, signed by each key. */
export function signTargets(signed: unknown, keys: readonly TufKey[]): TargetsMetadata {
  const signedBytes = encodeCanonical(signed);
  return parseTargets(serializeMetadata({ signatures: keys.map((key) => key.sign(signedBytes)), signedBytes }));
}

/** Root metadata of that `signed`, signed by each key. */
export function signRoot(signed: unknown, keys: readonly TufKey[]): RootMetadata {
  const signedBytes = encodeCanonical(signed);
  return parseRoot(serializeMetadata({ signatures: keys.map((key) => key.sign(signedBytes)), signedBytes }));
}

/** A CI Target as a Factory's CI makes it. */
export function ciEntry(hardwareId: string, version: number, tags: readonly string[]): TargetEntry {
  const digest = (what: string) => sha256Hex(`${what} ${hardwareId} ${version}`);
  const custom: Record<string, JsonValue> = {
    arch: hardwareId.startsWith('intel') ? 'x86_64' : 'aarch64',
    cliUploaded: false,
    'containers-sha': digest('containers').slice(0, 40),
    createdAt: '2026-09-01T08:00:00Z',
    docker_compose_apps: {
      dash: { uri: `apps.example/acme/dash@sha256:${digest('dash')}` },
      shell: { uri: `apps.example/acme/shell@sha256:${digest('shell')}` },
    },
    hardwareIds: [hardwareId],
    name: `${hardwareId}-lmp`,
    tags: [...tags],
    targetFormat: 'OSTREE',
    uri: `https://ci.example/projects/acme/lmp/builds/${version}`,
    version: String(version),
    'x-unknown': { a: [1, 'two', null, true], b: { nested: -7 } },
  };
  return { custom, hashes: { sha256: digest('ostree') }, length: 0 };
}

const BOARDS = ['intel-corei7-64', 'raspberrypi4-64'] as const;
/** 43 is on `master` for one board and on `devel` for the other; 45 carries both tags. */
const CI_TAGS: readonly (readonly [version: number, tags: readonly (readonly string[])[]])[] = [
  [40, [['master'], ['master']]],
  [41, [['master'], ['master']]],
  [42, [['master'], ['master']]],
  [43, [['master'], ['devel']]],
  [44, [['devel'], ['devel']]],
  [
    45,
    [
      ['master', 'devel'],
      ['devel', 'master'],
    ],
  ],
];

function makeCiTargets(now: Date, change: (targets: Targets) => unknown = (targets) => targets): unknown {
  const entries = CI_TAGS.flatMap(([version, tags]) =>
    BOARDS.map((board, index) => [`${board}-lmp-${version}`, ciEntry(board, version, tags[index] ?? [])] as const),
  );
  return change({ _type: 'Targets', expires: daysAfter(now, 30), targets: Object.fromEntries(entries), version: 45 });
}

function makeProductionTargets(
  ci: Targets,
  version: number,
  tag: string,
  now: Date,
  change: (targets: Targets) => unknown = (targets) => targets,
): unknown {
  const entries = Object.entries(ci.targets)
    .filter(([, { custom }]) => custom?.['version'] === String(version))
    .map(([name, entry]): [string, TargetEntry] => [name, { ...entry, custom: { ...entry.custom, tags: [tag] } }]);
  return change({ _type: 'Targets', expires: daysAfter(now, 300), targets: Object.fromEntries(entries), version });
}

function makeRoots(
  options: FixtureOptions,
  { first, root, online }: { first: TufKey; root: TufKey; online: TufKey },
  offline: readonly { readonly keyid: string; readonly key: Key }[],
  now: Date,
): Record<Repository, RootMetadata[]> {
  const { productionThreshold = 2, rootKeys = [] } = options;
  const draft = (version: number, rootRole: readonly { keyid: string; key: Key }[], targetsThreshold: number): Root => {
    const targets = version < 3 ? [online] : [online, ...offline];
    const role = (keys: readonly { keyid: string }[], threshold = 1) => ({
      keyids: keys.map(({ keyid }) => keyid),
      threshold,
    });
    return {
      _type: 'Root',
      consistent_snapshot: false,
      expires: daysAfter(now, 365),
      keys: Object.fromEntries([...rootRole, ...targets].map(({ keyid, key }) => [keyid, key])),
      roles: {
        root: role(rootRole),
        snapshot: role([online]),
        targets: role(targets, targetsThreshold),
        timestamp: role([online]),
      },
      version,
    };
  };
  // The server makes roots 1 and 2, which both repositories share; the owner's begin with 3.
  const shared = [signRoot(draft(1, [first], 1), [first]), signRoot(draft(2, [root], 1), [root, first])];
  const owned = (threshold: number) => signRoot(draft(3, [root, ...rootKeys], threshold), [root]);
  return { ci: [...shared, owned(1)], production: [...shared, owned(productionThreshold)] };
}

function makePolicy(
  options: FixtureOptions,
  made: { factory: string; now: Date; officers: ReadonlyMap<string, SoftKey>; firstRootSha256: string },
): Policy {
  const { maxExpiresDays = 400, singleOfficer = made.officers.size === 1 } = options;
  const quorum = options.quorum ?? (singleOfficer ? 1 : 2);
  const policy = draftPolicy({
    created: formatTime(new Date(made.now.getTime() - DAY_MS)),
    factories: [
      {
        name: made.factory,
        url: options.url ?? 'https://api.example',
        firstRoot: { version: 1, sha256: made.firstRootSha256 },
        tokens: [{ label: 'targets', serial: null, roles: ['targets'] }],
      },
    ],
    kinds: { wave: { quorum, maxExpiresDays, singleOfficer }, policy: { quorum, maxExpiresDays, singleOfficer } },
    officers: [...made.officers].map(([person, key]) => ({ person, keys: [key.line] })),
    previous: null,
    version: 1,
  });
  return options.changePolicy === undefined ? policy : options.changePolicy(policy);
}

function changesOf(asked: WaveOptions, version: number, now: Date): WaveChange[] {
  return writeWaveChanges({
    version,
    sourceTag: asked.sourceTag ?? null,
    pruned: asked.prune ?? [],
    expires: asked.expires ?? daysAfter(now, 365),
  });
}

function daysAfter(now: Date, days: number): string {
  return formatTime(new Date(now.getTime() + days * DAY_MS));
}

function lastOf<T>(items: readonly T[]): T {
  const last = items.at(-1);
  if (last === undefined) throw new Error('an empty list');
  return last;
}
