import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  requireApproved,
  requireKind,
  shortCode,
  verifyDossier,
  writeDossier,
  type DossierParts,
  type Pins,
  type WaveStatement,
} from '../../src/dossier/index.js';
import { applyWave, type WaveChange } from '../../src/factory/index.js';
import { serializePolicy, signedPolicy } from '../../src/policy/index.js';
import { encodeText, sha256Hex, type Targets } from '../../src/tuf/index.js';
import {
  createFixture,
  FIXTURE_NOW,
  metadataText,
  signTargets,
  type DossierOptions,
  type Fixture,
  type FixtureWave,
  type WaveOptions,
} from '../support/factory-fixture.js';
import { rejectionOf } from '../support/reject-code.js';
import { tufKey } from '../support/tuf-key.js';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
const ZEROS = '0'.repeat(64);

let fixture: Fixture;

beforeAll(() => {
  fixture = createFixture();
});

function after(ms: number): Date {
  return new Date(FIXTURE_NOW.getTime() + ms);
}

/** What a dossier is refused with; its approvals are of the statement that it holds, so that nothing else is wrong. */
async function refusal(options: DossierOptions & { pins?: Pins; now?: Date; of?: Fixture } = {}): Promise<string> {
  const { pins, now, of = fixture, ...rest } = options;
  return rejectionOf(verifyDossier(of.dossier(rest), pins ?? of.pins, now ?? of.now));
}

/** A Wave whose statement was changed after it was built, and approved as it then is. */
function stated(changeStatement: (statement: WaveStatement) => unknown, options: WaveOptions = {}): FixtureWave {
  return fixture.wave({ ...options, changeStatement });
}

/** A Wave of other changes, whose document they do reproduce, past the checks of whoever builds statements. */
function withChanges(changes: WaveChange[], entry: Partial<WaveStatement['documents'][0]> = {}): FixtureWave {
  const document = applyWave(changes, fixture.tag, fixture.base);
  const made = stated((statement) => ({
    ...statement,
    changes,
    documents: [{ ...statement.documents[0], length: document.length, sha256: sha256Hex(document), ...entry }],
  }));
  return { ...made, document };
}

/** A Wave whose statement names these base documents by their digests. */
function rebased(base: Partial<WaveStatement['base']>): FixtureWave {
  return stated((statement) => ({ ...statement, base: { ...statement.base, ...base } }));
}

function parts(change: (parts: DossierParts) => Partial<DossierParts>): DossierOptions {
  return { parts: (it) => ({ ...it, ...change(it) }) };
}

function editText(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`there is no ${from} to replace`);
  return text.replace(from, to);
}

describe('a dossier in which all is right', () => {
  test('verifies, and says what was approved, by whom, and what it builds on', async () => {
    const wave = fixture.wave({ prune: [40], reason: 'größer, besser' });
    const verified = requireKind(await verifyDossier(fixture.dossier({ wave }), fixture.pins, fixture.now), 'wave');
    requireApproved(verified);
    expect(verified).toMatchObject({
      statement: wave.statement,
      statementText: wave.text,
      statementSha256: wave.sha256,
      policy: { sha256: fixture.policy.sha256 },
      roots: {
        ci: { sha256: fixture.roots.ci[2]?.sha256 },
        production: { sha256: fixture.roots.production[2]?.sha256 },
      },
      wave: { name: 'w42', tag: 'production', version: 42 },
      summary: { version: 42, previousVersion: 40, pruned: [40] },
      approvals: [
        { person: 'alice', counted: true },
        { person: 'bob', counted: true },
      ],
      rejections: [],
      ignoredRejections: [],
      quorum: { needed: 2, persons: ['alice', 'bob'], missing: 0, singleOfficer: false },
      signatures: [],
      judgedAt: fixture.now,
      judgedBy: 'clock',
    });
    expect(verified.published).toBeUndefined();
    expect(verified.documents[0]?.bytes.equals(wave.document)).toBe(true);
    expect(verified.base.ciTargets.sha256).toBe(fixture.ciTargets.sha256);
    expect(verified.base.productionTargets?.sha256).toBe(fixture.productionTargets?.sha256);
  });

  test('verifies before anybody approved it, which is when officers read it', async () => {
    const verified = await verifyDossier(fixture.dossier({ approvals: [] }), fixture.pins, fixture.now);
    expect(verified.quorum).toEqual({ needed: 2, persons: [], missing: 2, singleOfficer: false });
  });

  test('verifies for the first Wave of a tag', async () => {
    const first = createFixture({ productionVersion: null });
    const verified = requireKind(await verifyDossier(first.dossier(), first.pins, first.now), 'wave');
    expect(verified.base.productionTargets).toBeNull();
    expect(verified.summary.previousVersion).toBeNull();
  });

  test('verifies over production targets that expired: a Wave is what replaces them', async () => {
    const late = createFixture({
      changeProductionTargets: (targets) => ({ ...targets, expires: '2026-11-01T00:00:00Z' }),
    });
    await expect(verifyDossier(late.dossier(), late.pins, late.now)).resolves.toBeDefined();
  });

  test('verifies with RSA keys, lines without line feeds, and from an asynchronous source', async () => {
    const rsa = createFixture({ offlineKeytype: 'RSA' });
    async function* slowly() {
      for (const line of rsa.dossier({ signedAt: rsa.now })) {
        await Promise.resolve();
        yield line.trimEnd();
      }
    }
    const verified = await verifyDossier(slowly(), rsa.pins, rsa.now);
    expect(verified.signatures).toMatchObject([{ method: 'rsassa-pss-sha256' }]);
  });

  test('verifies however a JSON tool lays its lines out', async () => {
    const lines = fixture.dossier().map((line) => {
      const entries = Object.entries(JSON.parse(line) as Record<string, unknown>).reverse();
      return ` ${JSON.stringify(Object.fromEntries(entries)).replaceAll('/', '\\/')} \r\n`;
    });
    await expect(verifyDossier(lines, fixture.pins, fixture.now)).resolves.toBeDefined();
  });

  test('names the statement that it supersedes', async () => {
    const supersedes = { statement: 'ab'.repeat(32), documents: ['cd'.repeat(32)] };
    const wave = fixture.wave({ supersedes });
    const verified = await verifyDossier(fixture.dossier({ wave }), fixture.pins, fixture.now);
    expect(verified.statement.supersedes).toEqual(supersedes);
  });

  test('names as unknown what it names as superseded, and nothing else', async () => {
    const supersede = (unknown: string) =>
      fixture.wave({ supersedes: { statement: ZEROS, documents: ['cd'.repeat(32)], unknown: [unknown] } });
    const wave = supersede('cd'.repeat(32));
    await expect(verifyDossier(fixture.dossier({ wave }), fixture.pins, fixture.now)).resolves.toBeDefined();
    expect(() => supersede('ef'.repeat(32))).toThrow(expect.objectContaining({ code: 'STATEMENT_INVALID' }));
  });

  test('holds its source no longer than needed, also when it is refused', async () => {
    let closed = 0;
    function* watched(lines: string[]) {
      try {
        yield* lines;
      } finally {
        closed += 1;
      }
    }
    await verifyDossier(watched(fixture.dossier()), fixture.pins, fixture.now);
    await rejectionOf(verifyDossier(watched(['{}', '{}']), fixture.pins, fixture.now));
    expect(closed).toBe(2);
  });
});

describe('the policy of a dossier', () => {
  test('must be the pinned one', async () => {
    const pins = { ...fixture.pins, policySha256: ZEROS };
    expect(await refusal({ pins })).toMatch(/^POLICY_NOT_PINNED /);
  });

  test('must be signed by all its officers', async () => {
    const { policy, signatures } = fixture.policy;
    const policies = [serializePolicy(signedPolicy(policy, signatures.slice(1)))];
    expect(await refusal(parts(() => ({ policies })))).toMatch(/^POLICY_NOT_SIGNED /);
  });

  test('must be there', async () => {
    expect(await refusal(parts(() => ({ policies: [] })))).toMatch(/^DOSSIER_INVALID /);
  });

  test('must be canonical', async () => {
    expect(await refusal(parts(() => ({ policies: [` ${fixture.policyText}`] })))).toMatch(/^POLICY_INVALID /);
  });

  test('must be an unbroken chain, and the statement of the last one', async () => {
    const next = { ...fixture.policy.policy, version: 2, previous: fixture.policy.sha256 };
    const { text } = signedPolicy(next);
    const second = signedPolicy(
      next,
      ['alice', 'bob'].map((person) => ({ person, sshsig: fixture.sshsig(person, 'countersign-policy-v1', text) })),
    );
    const both = parts(() => ({ policies: [fixture.policyText, serializePolicy(second)] }));
    const wave = stated((statement) => ({ ...statement, policy: { version: 2, sha256: second.sha256 } }));
    expect(await refusal({ ...both, wave })).toBe('RESOLVED');
    expect(await refusal(both)).toBe('STATEMENT_BASE_MISMATCH /policy');
    expect(await refusal({ wave, ...parts(() => ({ policies: [serializePolicy(second)] })) })).toMatch(
      /^POLICY_CHAIN_BROKEN /,
    );
    expect(await refusal({ wave, ...parts(() => ({ policies: [fixture.policyText, fixture.policyText] })) })).toMatch(
      /^POLICY_CHAIN_BROKEN /,
    );
  });
});

describe('the roots of a dossier', () => {
  test('must be of a Factory that the policy names', async () => {
    const wave = stated((statement) => ({ ...statement, factory: 'other' }));
    expect(await refusal({ wave })).toMatch(/^FACTORY_NOT_IN_POLICY /);
  });

  test('must be of a Factory for which a root is pinned', async () => {
    expect(await refusal({ pins: { ...fixture.pins, firstRootSha256: {} } })).toMatch(/^PINS_MISSING /);
    expect(await refusal({ pins: { ...fixture.pins, firstRootSha256: { other: ZEROS } } })).toMatch(/^PINS_MISSING /);
  });

  test('must begin with the pinned root', async () => {
    expect(await refusal({ pins: { ...fixture.pins, firstRootSha256: { acme: ZEROS } } })).toMatch(
      /^ROOT_NOT_TRUSTED /,
    );
  });

  test.each(['ci', 'production'] as const)('must begin with the pinned root in %s', async (repository) => {
    const chain = fixture.rootTexts[repository].slice(1);
    const options = parts(({ roots }) => ({ roots: { ...roots, [repository]: chain } }));
    expect(await refusal(options)).toMatch(/^ROOT_NOT_TRUSTED /);
  });

  test.each(['ci', 'production'] as const)(
    'must begin with the very root that was pinned in %s',
    async (repository) => {
      const foreign = createFixture();
      const chain = foreign.rootTexts[repository];
      const options = parts(({ roots }) => ({ roots: { ...roots, [repository]: chain } }));
      expect(await refusal(options)).toMatch(/^ROOT_NOT_TRUSTED /);
    },
  );

  test('must begin where the policy says', async () => {
    const of = createFixture({
      changePolicy: (policy) => ({
        ...policy,
        factories: policy.factories.map((it) => ({ ...it, firstRoot: { ...it.firstRoot, version: 2 } })),
      }),
    });
    expect(await refusal({ of })).toMatch(/^ROOT_NOT_TRUSTED /);
  });

  test('must begin where policy and pins agree', async () => {
    const of = createFixture({
      changePolicy: (policy) => ({
        ...policy,
        factories: policy.factories.map((it) => ({ ...it, firstRoot: { version: 1, sha256: ZEROS } })),
      }),
    });
    expect(await refusal({ of })).toMatch(/^ROOT_NOT_TRUSTED /);
  });

  test.each(['ci', 'production'] as const)('must be there for %s', async (repository) => {
    const options = parts(({ roots }) => ({ roots: { ...roots, [repository]: [] } }));
    expect(await refusal(options)).toMatch(/^DOSSIER_INVALID /);
  });

  test.each(['ci', 'production'] as const)('must follow each other by their signatures in %s', async (repository) => {
    const [first = '', , third = ''] = fixture.rootTexts[repository];
    const options = parts(({ roots }) => ({ roots: { ...roots, [repository]: [first, third] } }));
    expect(await refusal(options)).toMatch(/^THRESHOLD_NOT_MET /);
  });

  test('must follow each other by their versions', async () => {
    const [first = '', second = '', third = ''] = fixture.rootTexts.ci;
    const ci = [first, second, second, third];
    expect(await refusal(parts(({ roots }) => ({ roots: { ...roots, ci } })))).toMatch(
      /^VERSION_ROLLBACK |^THRESHOLD_NOT_MET /,
    );
  });

  test('must not have expired', async () => {
    const now = after(366 * DAY_MS);
    const of = createFixture({ changeCiTargets: (targets) => ({ ...targets, expires: '2029-01-01T00:00:00Z' }) });
    const wave = of.wave({ created: new Date(now.getTime() - HOUR_MS), expires: '2028-06-01T00:00:00Z' });
    expect(await refusal({ of, wave, now })).toBe('METADATA_EXPIRED /signed/expires');
    const before = after(364 * DAY_MS);
    const earlier = of.wave({ created: new Date(before.getTime() - HOUR_MS), expires: '2028-06-01T00:00:00Z' });
    expect(await refusal({ of, wave: earlier, now: before })).toBe('RESOLVED');
  });
});

describe('the statement of a dossier', () => {
  test.each<[string, (statement: WaveStatement) => unknown, string]>([
    ['be made for this service', (it) => ({ ...it, service: ZEROS }), 'STATEMENT_OTHER_SERVICE /service'],
    [
      'name the policy’s version',
      (it) => ({ ...it, policy: { ...it.policy, version: 2 } }),
      'STATEMENT_BASE_MISMATCH /policy',
    ],
    [
      'name the policy’s digest',
      (it) => ({ ...it, policy: { ...it.policy, sha256: ZEROS } }),
      'STATEMENT_BASE_MISMATCH /policy',
    ],
    ['be of a kind that this version judges', (it) => ({ ...it, kind: 'policy' }), 'KIND_NOT_ALLOWED /kind'],
    ['be of a kind that there is', (it) => ({ ...it, kind: 'everything' }), 'STATEMENT_INVALID /kind'],
    ['be a statement', (it) => ({ ...it, _type: 'countersign/rejection' }), 'STATEMENT_INVALID /_type'],
    ['be of this specification', (it) => ({ ...it, spec: 2 }), 'STATEMENT_INVALID /spec'],
    ['have no unknown members', (it) => ({ ...it, force: true }), 'STATEMENT_INVALID /force'],
    [
      'have no unknown members further down',
      (it) => ({ ...it, base: { ...it.base, extra: null } }),
      'STATEMENT_INVALID /base/extra',
    ],
    [
      'have no unknown members in changes',
      (it) => ({ ...it, changes: it.changes.map((change) => ({ ...change, x: 1 })) }),
      'STATEMENT_INVALID /changes/0/x',
    ],
    [
      'have all members',
      (it) => Object.fromEntries(Object.entries(it).filter(([name]) => name !== 'reason')),
      'STATEMENT_INVALID /reason',
    ],
    ['have a request id', (it) => ({ ...it, id: 'req_1' }), 'STATEMENT_INVALID /id'],
    ['have a request id in lower case', (it) => ({ ...it, id: it.id.toUpperCase() }), 'STATEMENT_INVALID /id'],
    ['say why', (it) => ({ ...it, reason: ' ' }), 'STATEMENT_INVALID /reason'],
    ['name who asked', (it) => ({ ...it, requester: { name: '', via: 'ci' } }), 'STATEMENT_INVALID /requester/name'],
    [
      'say how it was asked',
      (it) => ({ ...it, requester: { name: 'ci', via: 'email' } }),
      'STATEMENT_INVALID /requester/via',
    ],
    [
      'have times in the one form',
      (it) => ({ ...it, created: '2026-11-22T15:59:00.000Z' }),
      'STATEMENT_INVALID /created',
    ],
    ['bring no new keys', (it) => ({ ...it, keys: [{}] }), 'STATEMENT_INVALID /keys'],
    [
      'have just one document',
      (it) => ({ ...it, documents: [...it.documents, ...it.documents] }),
      'STATEMENT_INVALID /documents',
    ],
    [
      'be about the targets role',
      (it) => ({ ...it, documents: [{ ...it.documents[0], role: 'root' }] }),
      'STATEMENT_INVALID /documents/0/role',
    ],
    [
      'be about the production repository',
      (it) => ({ ...it, documents: [{ ...it.documents[0], repository: 'ci' }] }),
      'STATEMENT_INVALID /documents/0/repository',
    ],
    [
      'name a Wave that can stand in a URL',
      (it) => ({ ...it, documents: [{ ...it.documents[0], wave: 'a/b' }] }),
      'STATEMENT_INVALID /documents/0/wave',
    ],
    [
      'belong to no transaction upstream',
      (it) => ({ ...it, upstream: { url: 'https://x.example', txidSha256: ZEROS } }),
      'STATEMENT_INVALID /upstream',
    ],
    [
      'name the CI targets',
      (it) => ({ ...it, base: { ...it.base, ciTargets: null } }),
      'STATEMENT_INVALID /base/ciTargets',
    ],
    ['live for 72 hours at most', (it) => ({ ...it, expires: '2026-11-25T15:59:01Z' }), 'STATEMENT_LIFETIME /expires'],
    ['live at all', (it) => ({ ...it, expires: it.created }), 'STATEMENT_LIFETIME /expires'],
  ])('must %s', async (_, change, code) => {
    expect(await refusal({ wave: stated(change) })).toBe(code);
  });

  test('may live for 72 hours', async () => {
    expect(await refusal({ wave: fixture.wave({ lifetimeMs: 72 * HOUR_MS }) })).toBe('RESOLVED');
  });

  test.each<[string, (text: string) => string]>([
    ['white space', (text) => editText(text, ':', ': ')],
    ['a line feed at its end', (text) => `${text}\n`],
    [
      'members in another order',
      (text) => text.replace(/^\{"_type":"countersign\/statement",(.*)\}$/, '{$1,"_type":"countersign/statement"}'),
    ],
    ['a member twice', (text) => editText(text, '"kind":"wave"', '"kind":"wave","kind":"wave"')],
    ['an escape that need not be', (text) => editText(text, 'release', '\\u0072elease')],
    ['a number with a fraction', (text) => editText(text, '"spec":1', '"spec":1.0')],
    ['a text that turns the reading direction', (text) => editText(text, 'release', 'rel\u202eease')],
    ['a line break in a reason', (text) => editText(text, 'release', 'rel\\nease')],
    ['a lone surrogate', (text) => editText(text, 'release', 'rel\ud800ease')],
    ['a member named __proto__', (text) => editText(text, '"targets":{', '"targets":{"__proto__":null,')],
    ['no JSON at all', () => 'approve me'],
    ['null', () => 'null'],
  ])('must be canonical text, and is refused with %s', async (_, change) => {
    const wave = fixture.wave();
    const text = change(wave.text);
    expect(await refusal({ wave: { ...wave, text } })).toMatch(/^STATEMENT_INVALID /);
  });

  test('must not be created in the future, but for clocks that differ a little', async () => {
    expect(await refusal({ wave: fixture.wave({ created: after(5 * 60 * 1000) }) })).toBe('RESOLVED');
    expect(await refusal({ wave: fixture.wave({ created: after(5 * 60 * 1000 + 1000) }) })).toMatch(
      /^STATEMENT_FROM_FUTURE /,
    );
  });

  test('must not have expired', async () => {
    const wave = fixture.wave({ created: FIXTURE_NOW, lifetimeMs: HOUR_MS });
    expect(await refusal({ wave, now: after(HOUR_MS - 1000) })).toBe('RESOLVED');
    expect(await refusal({ wave, now: after(HOUR_MS) })).toBe('STATEMENT_EXPIRED /expires');
  });
});

describe('the base of a dossier', () => {
  test.each<[string, (base: WaveStatement['base']) => Partial<WaveStatement['base']>, string]>([
    ['version of the roots', ({ root }) => ({ root: { ...root, version: 4 } }), '/base/root/version'],
    ['digest of the CI root', ({ root }) => ({ root: { ...root, ci: root.production } }), '/base/root/ci'],
    [
      'digest of the production root',
      ({ root }) => ({ root: { ...root, production: root.ci } }),
      '/base/root/production',
    ],
    [
      'version of the CI targets',
      ({ ciTargets }) => ({ ciTargets: { ...ciTargets, version: 44 } }),
      '/base/ciTargets/version',
    ],
    [
      'digest of the CI targets',
      ({ ciTargets }) => ({ ciTargets: { ...ciTargets, sha256: ZEROS } }),
      '/base/ciTargets/sha256',
    ],
    [
      'version of the production targets',
      () => ({ targets: { production: { version: 39, sha256: fixture.productionTargets?.sha256 ?? '' } } }),
      '/base/targets/production/version',
    ],
    [
      'digest of the production targets',
      () => ({ targets: { production: { version: 40, sha256: ZEROS } } }),
      '/base/targets/production/sha256',
    ],
    ['absence of production targets', () => ({ targets: { production: null } }), '/base/targets/production'],
    ['tag', ({ targets }) => ({ targets: { staging: targets['production'] ?? null } }), '/base/targets'],
    ['one tag only', ({ targets }) => ({ targets: { ...targets, staging: null } }), '/base/targets'],
    ['some tag', () => ({ targets: {} }), '/base/targets'],
  ])('must have the %s that the statement says', async (_, change, pointer) => {
    const wave = rebased(change(fixture.wave().statement.base));
    expect(await refusal({ wave })).toBe(`STATEMENT_BASE_MISMATCH ${pointer}`);
  });

  test('must have the roots that the statement says, not older ones', async () => {
    const options = parts(({ roots }) => ({
      roots: { ci: roots.ci.slice(0, 2), production: roots.production.slice(0, 2) },
    }));
    expect(await refusal(options)).toBe('STATEMENT_BASE_MISMATCH /base/root/version');
  });

  test('must not have the production root in place of the CI root', async () => {
    const options = parts(({ roots }) => ({ roots: { ...roots, ci: roots.production } }));
    expect(await refusal(options)).toBe('ROOT_NOT_TRUSTED /signed/roles/targets/threshold');
  });

  test('must have production targets when the statement builds on some', async () => {
    expect(await refusal(parts(() => ({ productionTargets: null })))).toBe(
      'STATEMENT_BASE_MISMATCH /base/targets/production',
    );
  });

  test('must not have an older version of the tag’s production targets', async () => {
    const { offline, online } = fixture.keys;
    const older = signTargets(
      { ...fixture.productionTargets?.signed, version: 39 },
      offline === null ? [] : [offline, online],
    );
    const text = metadataText(older);
    expect(await refusal(parts(() => ({ productionTargets: { tag: 'production', text } })))).toBe(
      'STATEMENT_BASE_MISMATCH /base/targets/production/version',
    );
  });

  test('must not have the production targets of another tag', async () => {
    expect(
      await refusal(
        parts(({ productionTargets }) => ({
          productionTargets: productionTargets && { ...productionTargets, tag: 'staging' },
        })),
      ),
    ).toBe('STATEMENT_BASE_MISMATCH /base/targets/production');
  });

  test('must have production targets that enough keys signed', async () => {
    const { keys, productionTargets } = fixture;
    const text = metadataText(signTargets(productionTargets?.signed, [keys.online]));
    expect(await refusal(parts(() => ({ productionTargets: { tag: 'production', text } })))).toMatch(
      /^THRESHOLD_NOT_MET /,
    );
  });

  test('must have CI targets that the online key signed', async () => {
    const stranger = tufKey();
    const unsigned = metadataText(signTargets(fixture.ciTargets.signed, []));
    expect(await refusal(parts(() => ({ ciTargets: unsigned })))).toMatch(/^THRESHOLD_NOT_MET /);
    const foreign = metadataText(signTargets(fixture.ciTargets.signed, [stranger]));
    expect(await refusal(parts(() => ({ ciTargets: foreign })))).toMatch(/^THRESHOLD_NOT_MET /);
    const forged = metadataText(
      signTargets(fixture.ciTargets.signed, [
        { ...stranger, sign: (payload) => ({ ...stranger.sign(payload), keyid: fixture.keys.online.keyid }) },
      ]),
    );
    expect(await refusal(parts(() => ({ ciTargets: forged })))).toMatch(/^THRESHOLD_NOT_MET /);
  });

  test('must have CI targets without two signatures of one keyid', async () => {
    const { online } = fixture.keys;
    const text = metadataText(signTargets(fixture.ciTargets.signed, [online, online]));
    expect(await refusal(parts(() => ({ ciTargets: text })))).toMatch(/^SIGNATURE_DUPLICATE_KEYID /);
  });

  test('must have CI targets that have not expired', async () => {
    const of = createFixture({ changeCiTargets: (targets) => ({ ...targets, expires: '2026-11-22T16:00:00Z' }) });
    expect(await refusal({ of })).toBe('METADATA_EXPIRED /signed/expires');
    expect(await refusal({ of, now: new Date(of.now.getTime() - 1000) })).toBe('RESOLVED');
  });

  test('must be TUF metadata of the right roles', async () => {
    const [root = ''] = fixture.rootTexts.ci;
    expect(await refusal(parts(() => ({ ciTargets: root })))).toBe('METADATA_INVALID /signed/_type');
    expect(await refusal(parts(({ roots, ciTargets }) => ({ roots: { ...roots, ci: [ciTargets] } })))).toBe(
      'METADATA_INVALID /signed/_type',
    );
  });
});

describe('the document of a dossier', () => {
  test.each<[string, (text: string) => string]>([
    ['one nested value', (text) => editText(text, '"nested":-7', '"nested":-8')],
    ['one more tag', (text) => editText(text, '"tags":["production"]', '"tags":["production","staging"]')],
    ['the tags of CI', (text) => editText(text, '"tags":["production"]', '"tags":["master"]')],
    ['another digest', (text) => text.replace(/"sha256":"[0-9a-f]{64}"/, `"sha256":"${ZEROS}"`)],
    ['another expiry', (text) => editText(text, '"expires":"2027', '"expires":"2028')],
    ['another version', (text) => editText(text, '"version":42}', '"version":43}')],
    ['one more member', (text) => editText(text, '"version":42}', '"version":42,"x":1}')],
    ['white space', (text) => `${text} `],
    ['members in another order', (text) => text.replace(/^\{"_type":"Targets",(.*)\}$/, '{$1,"_type":"Targets"}')],
    ['nothing', () => ''],
  ])('must be what the changes give, and is refused with %s', async (_, change) => {
    const wave = fixture.wave();
    const document = Buffer.from(change(wave.document.toString('utf8')));
    // The statement names the very document, so that it is the changes alone that tell.
    const made = stated((statement) => ({
      ...statement,
      documents: [{ ...statement.documents[0], length: Math.max(document.length, 1), sha256: sha256Hex(document) }],
    }));
    expect(await refusal({ wave: { ...made, document } })).toBe('CHANGES_DO_NOT_REPRODUCE /changes');
  });

  test.each<[string, Partial<WaveStatement['documents'][0]>]>([
    ['version', { version: 43 }],
    ['expires', { expires: '2027-11-22T16:00:01Z' }],
    ['length', { length: 1 }],
    ['sha256', { sha256: ZEROS }],
  ])('must have the %s that the statement says', async (member, entry) => {
    const wave = stated((statement) => ({ ...statement, documents: [{ ...statement.documents[0], ...entry }] }));
    expect(await refusal({ wave })).toBe(`STATEMENT_DOCUMENT_MISMATCH /documents/0/${member}`);
  });

  test('must be of the tag that it builds on', async () => {
    const wave = stated((statement) => ({ ...statement, documents: [{ ...statement.documents[0], tag: 'staging' }] }));
    expect(await refusal({ wave })).toBe('STATEMENT_BASE_MISMATCH /base/targets');
  });

  const set = (expires: string): WaveChange => ({ op: 'set-expires', expires });
  const EXPIRES = '2027-11-22T16:00:00Z';
  test.each<[string, WaveChange[], string]>([
    [
      'a version that is not higher',
      [{ op: 'add-version', version: 40, sourceTag: null }, set(EXPIRES)],
      'WAVE_VERSION_NOT_HIGHER /changes/0/version',
    ],
    [
      'a version that CI does not have',
      [{ op: 'add-version', version: 99, sourceTag: null }, set(EXPIRES)],
      'WAVE_VERSION_UNKNOWN /changes/0/version',
    ],
    [
      'a source tag that selects nothing',
      [{ op: 'add-version', version: 42, sourceTag: 'devel' }, set(EXPIRES)],
      'WAVE_NO_TARGETS /changes/0/sourceTag',
    ],
    [
      'pruning what is not there',
      [{ op: 'add-version', version: 42, sourceTag: null }, { op: 'prune', version: 7 }, set(EXPIRES)],
      'WAVE_PRUNE_UNKNOWN /changes/1/version',
    ],
    [
      'pruning what it adds',
      [{ op: 'add-version', version: 42, sourceTag: null }, { op: 'prune', version: 42 }, set(EXPIRES)],
      'WAVE_PRUNE_SELF /changes/1/version',
    ],
    [
      'changes in another order',
      [set(EXPIRES), { op: 'add-version', version: 42, sourceTag: null }],
      'INPUT_INVALID /changes/0',
    ],
  ])('must not come from %s', async (_, changes, code) => {
    expect(await refusal({ wave: stated((statement) => ({ ...statement, changes })) })).toBe(code);
  });

  test('must not add a Target that is in production already', async () => {
    const of = createFixture({
      changeProductionTargets: ({ targets, ...rest }: Targets) => ({
        ...rest,
        targets: Object.fromEntries(
          Object.entries(targets).map(([name, entry]) => [name.replace('-40', '-42'), entry]),
        ),
      }),
    });
    const elsewhere = of.wave({ version: 43 });
    const text = encodeText({
      ...elsewhere.statement,
      changes: [{ op: 'add-version', version: 42, sourceTag: null }, elsewhere.statement.changes[1]],
    });
    expect(await refusal({ of, wave: { ...elsewhere, text } })).toBe(
      'WAVE_TARGET_EXISTS /signed/targets/intel-corei7-64-lmp-42',
    );
  });

  test('must not expire beyond what the policy allows, counted from the request', async () => {
    const created = '2026-11-22T15:59:00Z';
    const last = '2027-12-27T15:59:00Z'; // 400 days later
    const late = '2027-12-27T15:59:01Z';
    const changes = (expires: string): WaveChange[] => [
      { op: 'add-version', version: 42, sourceTag: null },
      set(expires),
    ];
    const wave = withChanges(changes(last), { expires: last });
    expect(wave.statement.created).toBe(created);
    expect(await refusal({ wave })).toBe('RESOLVED');
    expect(await refusal({ wave: withChanges(changes(late), { expires: late }) })).toBe(
      'EXPIRES_BEYOND_POLICY /documents/0/expires',
    );
    expect(await refusal({ wave: withChanges(changes(created), { expires: created }) })).toBe(
      'WAVE_EXPIRES_INVALID /documents/0/expires',
    );
  });
});

describe('the keys to sign with', () => {
  const signing = (sign: readonly string[]): FixtureWave =>
    stated((statement) => ({ ...statement, documents: [{ ...statement.documents[0], sign }] }));

  test('must be some', async () => {
    expect(await refusal({ wave: signing([]) })).toBe('STATEMENT_INVALID /documents/0/sign');
  });

  test('must each be named once', async () => {
    const [keyid = ''] = fixture.offlineKeyids;
    expect(await refusal({ wave: signing([keyid, keyid]) })).toBe('STATEMENT_INVALID /documents/0/sign');
  });

  test('must be targets keys of the production root', async () => {
    const [keyid = ''] = fixture.offlineKeyids;
    expect(await refusal({ wave: signing([fixture.keys.root.keyid]) })).toBe(
      'SIGN_KEY_NOT_IN_ROLE /documents/0/sign/0',
    );
    expect(await refusal({ wave: signing([keyid, ZEROS]) })).toBe('SIGN_KEY_NOT_IN_ROLE /documents/0/sign/1');
    expect(await refusal({ wave: signing(['constructor']) })).toBe('SIGN_KEY_NOT_IN_ROLE /documents/0/sign/0');
  });

  test('must not be the online key, under whatever keyid', async () => {
    expect(await refusal({ wave: signing([fixture.keys.online.keyid]) })).toBe('SIGN_KEY_ONLINE /documents/0/sign/0');
    const online = tufKey();
    const offline = tufKey();
    const of = createFixture({
      onlineKey: online,
      offlineKeys: [offline, { key: online.key, keyid: 'alias' }],
      productionVersion: null,
    });
    const wave = (sign: string[]) =>
      of.wave({
        sign: [offline.keyid],
        changeStatement: (it) => ({ ...it, documents: [{ ...it.documents[0], sign }] }),
      });
    expect(await refusal({ of, wave: wave([offline.keyid]) })).toBe('RESOLVED');
    expect(await refusal({ of, wave: wave(['alias']) })).toBe('SIGN_KEY_ONLINE /documents/0/sign/0');
  });

  test('must reach the threshold together with the online key', async () => {
    const [first, second] = [tufKey(), tufKey()];
    const of = createFixture({ offlineKeys: [first, second], productionThreshold: 3, productionVersion: null });
    expect(await refusal({ of })).toBe('RESOLVED');
    const wave = of.wave({
      changeStatement: (it) => ({ ...it, documents: [{ ...it.documents[0], sign: [first.keyid] }] }),
    });
    expect(await refusal({ of, wave })).toBe('THRESHOLD_NOT_MET /documents/0/sign');
  });

  test('reach no threshold by naming one key twice under two keyids', async () => {
    const [first, second] = [tufKey(), tufKey()];
    const alias = { key: first.key, keyid: 'alias' };
    const of = createFixture({ offlineKeys: [first, second, alias], productionThreshold: 3, productionVersion: null });
    const wave = of.wave({
      sign: [first.keyid, second.keyid],
      changeStatement: (it) => ({ ...it, documents: [{ ...it.documents[0], sign: [first.keyid, 'alias'] }] }),
    });
    expect(await refusal({ of, wave })).toBe('THRESHOLD_NOT_MET /documents/0/sign');
  });
});

describe('the signatures in a dossier', () => {
  const signedAt = after(HOUR_MS);

  function withSignatures(
    change: (line: ReturnType<Fixture['sign']>[0]) => object,
    more: DossierOptions = {},
  ): DossierOptions {
    return {
      signedAt,
      ...more,
      ...parts(({ signatures = [] }) => ({ signatures: signatures.map((line) => ({ ...line, ...change(line) })) })),
    };
  }
  const now = after(2 * HOUR_MS);

  test('let it verify for an auditor long after everything in it expired, at the time that the signer claims', async () => {
    const lines = fixture.dossier({ signedAt, published: true });
    const years = after(10 * 365 * DAY_MS);
    const verified = requireKind(await verifyDossier(lines, fixture.pins, years), 'wave');
    requireApproved(verified);
    expect(verified).toMatchObject({
      judgedAt: signedAt,
      judgedBy: 'signer-claim',
      signatures: [{ document: 0, keyid: fixture.offlineKeyids[0] }],
    });
    expect(verified.published?.threshold).toMatchObject({ threshold: 2, missing: 0 });
  });

  test('bring no expired statement back to life for whoever is about to sign', async () => {
    const lines = fixture.dossier({ signedAt });
    const late = after(48 * HOUR_MS);
    expect(await rejectionOf(verifyDossier(lines, fixture.pins, late))).toBe('RESOLVED');
    expect(await rejectionOf(verifyDossier(lines, fixture.pins, late, { judgeBy: 'clock' }))).toBe(
      'STATEMENT_EXPIRED /expires',
    );
  });

  test('must verify over the document', async () => {
    const other = fixture.wave({ version: 41 }).document;
    const [line] = fixture.sign(other);
    expect(await refusal({ now, ...withSignatures(() => ({ sig: line?.sig })) })).toMatch(/^SIGNATURE_INVALID /);
    expect(await refusal({ now, ...withSignatures(() => ({ method: 'rsassa-pss-sha256' })) })).toMatch(
      /^SIGNATURE_INVALID /,
    );
    expect(await refusal({ now, ...withSignatures(() => ({ sig: '' })) })).toMatch(/^SIGNATURE_INVALID /);
  });

  test('must be by keys that the statement names', async () => {
    const { keyid, method, sig } = fixture.keys.online.sign(fixture.wave().document);
    expect(await refusal({ now, ...withSignatures(() => ({ keyid, method, sig })) })).toMatch(/^DOSSIER_INVALID /);
  });

  test('must each be by another key', async () => {
    const twice = { signedAt, ...parts(({ signatures = [] }) => ({ signatures: [...signatures, ...signatures] })) };
    expect(await refusal({ now, ...twice })).toMatch(/^SIGNATURE_DUPLICATE_KEYID /);
  });

  test('must be of a document that is there', async () => {
    expect(await refusal({ now, ...withSignatures(() => ({ document: 1 })) })).toMatch(/^DOSSIER_INVALID /);
  });

  test('must not be dated in the future, nor before the statement', async () => {
    expect(await refusal({ now: FIXTURE_NOW, signedAt })).toMatch(/^STATEMENT_FROM_FUTURE /);
    expect(await refusal({ now, signedAt: after(-HOUR_MS) })).toMatch(/^STATEMENT_FROM_FUTURE /);
  });

  test('must have been made while the statement was valid', async () => {
    expect(await refusal({ now: after(100 * HOUR_MS), signedAt: after(25 * HOUR_MS) })).toBe(
      'STATEMENT_EXPIRED /expires',
    );
  });
});

describe('what the Factory published', () => {
  test('must be the approved document', async () => {
    const published = fixture.publish(fixture.wave({ version: 41 }).document);
    expect(await refusal(parts(() => ({ published })))).toBe('STATEMENT_DOCUMENT_MISMATCH /signed');
  });

  test('must be signed as a device wants it', async () => {
    const { document } = fixture.wave();
    const { offline } = fixture.keys;
    const published = metadataText(
      signTargets(JSON.parse(document.toString('utf8')), offline === null ? [] : [offline]),
    );
    expect(await refusal(parts(() => ({ published })))).toMatch(/^THRESHOLD_NOT_MET /);
  });
});

describe('the form of a dossier', () => {
  const edited = async (edit: (lines: string[]) => string[]): Promise<string> =>
    rejectionOf(
      verifyDossier(edit(fixture.dossier({ signedAt: FIXTURE_NOW, published: true })), fixture.pins, FIXTURE_NOW),
    );
  const without = (type: string) => (lines: string[]) => lines.filter((line) => !line.startsWith(`{"type":"${type}"`));

  test('is right where the tests below begin', async () => {
    expect(await edited((lines) => lines)).toBe('RESOLVED');
  });

  test.each<[string, (lines: string[]) => string[]]>([
    ['nothing', () => []],
    ['an empty line', (lines) => ['\n', ...lines]],
    ['no header', (lines) => lines.slice(1)],
    ['two headers', (lines) => [...lines.slice(0, 1), ...lines]],
    ['no policy', without('policy')],
    ['no roots', without('root')],
    ['no statement', without('statement')],
    ['no targets', without('targets')],
    ['no document', without('document')],
    [
      'two statements',
      (lines) => lines.flatMap((line) => (line.includes('"type":"statement"') ? [line, line] : [line])),
    ],
    ['two documents', (lines) => lines.flatMap((line) => (line.includes('"type":"document"') ? [line, line] : [line]))],
    ['a document of another index', (lines) => lines.map((line) => line.replace('"index":0', '"index":1'))],
    ['two published documents', (lines) => [...lines, ...lines.slice(-1)]],
    ['lines after its end', (lines) => [...lines, lines[0] ?? '']],
    ['its lines turned around', (lines) => [...lines].reverse()],
    [
      'production roots before the CI’s',
      (lines) => [...lines.slice(0, 2), ...lines.slice(5, 8), ...lines.slice(2, 5), ...lines.slice(8)],
    ],
    ['a line that is no JSON', (lines) => [...lines.slice(0, 3), 'hello\n', ...lines.slice(3)]],
    ['a line that is no object', (lines) => [...lines.slice(0, 3), '[1]\n', ...lines.slice(3)]],
    ['a line of an unknown type', (lines) => [...lines.slice(0, 3), '{"type":"note","text":"x"}\n', ...lines.slice(3)]],
    ['a line without a type', (lines) => [...lines.slice(0, 3), '{"text":"x"}\n', ...lines.slice(3)]],
    [
      'an unknown member',
      (lines) => lines.map((line) => line.replace('{"type":"statement"', '{"type":"statement","x":1')),
    ],
    [
      'an unknown member named __proto__',
      (lines) => lines.map((line) => line.replace('{"type":"statement"', '{"type":"statement","__proto__":1')),
    ],
    [
      'a member twice',
      (lines) => lines.map((line) => line.replace('{"type":"statement"', '{"type":"statement","text":"x"')),
    ],
    [
      'a nested value',
      (lines) => lines.map((line) => line.replace('{"type":"statement"', '{"type":"statement","x":{"y":1}')),
    ],
    ['a text that is none', (lines) => [...lines.slice(0, 1), '{"type":"policy","text":1}\n', ...lines.slice(2)]],
    [
      'a repository that there is not',
      (lines) => lines.map((line) => line.replace('"repository":"ci"', '"repository":"qa"')),
    ],
    ['a byte order mark', (lines) => [`\ufeff${lines[0] ?? ''}`, ...lines.slice(1)]],
  ])('is refused with %s', async (_, edit) => {
    expect(await edited(edit)).toMatch(/^DOSSIER_INVALID /);
  });

  test.each([0, 2, 1.5])('is refused as unknown when it says format %d', async (format) => {
    expect(await edited((lines) => [`{"type":"dossier","format":${format}}`, ...lines.slice(1)])).toBe(
      'DOSSIER_FORMAT_UNKNOWN /format',
    );
  });

  test('is refused beyond the limits', async () => {
    const lines = fixture.dossier();
    const longest = Math.max(...lines.map(({ length }) => length));
    const total = lines.reduce((sum, { length }) => sum + length, 0);
    const limits = { maxLineLength: longest, maxTotalLength: total, maxLines: lines.length };
    const verify = (change: object) =>
      rejectionOf(verifyDossier(lines, fixture.pins, fixture.now, { limits: { ...limits, ...change } }));
    expect(await verify({})).toBe('RESOLVED');
    expect(await verify({ maxLineLength: longest - 1 })).toMatch(/^JSON_TOO_LARGE /);
    expect(await verify({ maxTotalLength: total - 1 })).toMatch(/^JSON_TOO_LARGE /);
    expect(await verify({ maxLines: lines.length - 1 })).toMatch(/^DOSSIER_INVALID /);
  });

  test('is refused with more approvals than a reader should have to check', async () => {
    const { text } = fixture.wave();
    const approvals = Array.from({ length: 201 }, (_, index) => `${fixture.approve('alice', text)}${index}`);
    expect(await refusal(parts(() => ({ approvals })))).toMatch(/^DOSSIER_INVALID /);
  });
});

describe('writeDossier', () => {
  test('ends every line and gives back what it was given', async () => {
    const made = fixture.parts({ signedAt: FIXTURE_NOW, published: true });
    const lines = [...writeDossier(made)];
    expect(lines.every((line) => line.endsWith('}\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
    const verified = await verifyDossier(lines, fixture.pins, FIXTURE_NOW);
    expect(verified.statementText).toBe(made.statement);
    expect(shortCode(verified.statementSha256)).toMatch(/^[0-9a-f]{4}-[0-9a-f]{4}$/);
  });
});
