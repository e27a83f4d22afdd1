import { beforeAll, describe, expect, test } from '@jest/globals';
import { offlineTargetsKeyids, parseStatement } from '../../src/dossier/index.js';
import { createFixture, FIXTURE_NOW, type Fixture, type WaveOptions } from '../support/factory-fixture.js';
import { placeOf } from '../support/error-code.js';

let fixture: Fixture;

beforeAll(() => {
  fixture = createFixture();
});

describe('buildWaveStatement', () => {
  test('names everything that the Wave builds on and every byte of its document', () => {
    const { statement, text, document } = fixture.wave({ version: 43, sourceTag: 'devel', prune: [40] });
    expect(parseStatement(text)).toEqual(statement);
    expect(statement).toMatchObject({
      service: fixture.policy.sha256,
      factory: 'acme',
      kind: 'wave',
      created: '2026-11-22T15:59:00Z',
      expires: '2026-11-23T15:59:00Z',
      base: {
        root: { version: 3, ci: fixture.roots.ci[2]?.sha256, production: fixture.roots.production[2]?.sha256 },
        ciTargets: { version: 45, sha256: fixture.ciTargets.sha256 },
        targets: { production: { version: 40, sha256: fixture.productionTargets?.sha256 } },
      },
      changes: [
        { op: 'add-version', version: 43, sourceTag: 'devel' },
        { op: 'prune', version: 40 },
        { op: 'set-expires', expires: '2027-11-22T16:00:00Z' },
      ],
      documents: [
        { tag: 'production', wave: 'w43', version: 43, length: document.length, sign: fixture.offlineKeyids },
      ],
      supersedes: null,
    });
  });

  test.each<[string, WaveOptions, string]>([
    ['a version at production', { version: 40 }, 'WAVE_VERSION_NOT_HIGHER /changes/0/version'],
    ['an expiry beyond the policy', { expires: '2028-11-22T16:00:00Z' }, 'EXPIRES_BEYOND_POLICY /documents/0/expires'],
    ['an expiry in the past', { expires: '2026-11-22T15:00:00Z' }, 'WAVE_EXPIRES_INVALID /documents/0/expires'],
    ['a statement that lives too long', { lifetimeMs: 73 * 60 * 60 * 1000 }, 'STATEMENT_LIFETIME /expires'],
    ['a name that cannot stand in a URL', { name: 'a b' }, 'STATEMENT_INVALID /documents/0/wave'],
    ['no reason', { reason: '' }, 'STATEMENT_INVALID /reason'],
    ['a strange id', { id: '42' }, 'STATEMENT_INVALID /id'],
    ['no keys to sign with', { sign: [] }, 'STATEMENT_INVALID /documents/0/sign'],
    ['a key that is not in the role', { sign: ['f00d'] }, 'SIGN_KEY_NOT_IN_ROLE /documents/0/sign/0'],
  ])('refuses %s', (_, options, place) => {
    expect(placeOf(() => fixture.wave(options))).toBe(place);
  });

  test('refuses the online key, and keys too few for the production root', () => {
    expect(placeOf(() => fixture.wave({ sign: [fixture.keys.online.keyid] }))).toBe(
      'SIGN_KEY_ONLINE /documents/0/sign/0',
    );
    const hard = createFixture({ productionThreshold: 3, productionVersion: null });
    expect(placeOf(() => hard.wave())).toBe('THRESHOLD_NOT_MET /documents/0/sign');
  });

  test('refuses a Factory that the policy does not name', () => {
    const foreign = createFixture({
      changePolicy: (policy) => ({ ...policy, factories: policy.factories.map((it) => ({ ...it, name: 'other' })) }),
    });
    expect(placeOf(() => foreign.wave())).toBe('FACTORY_NOT_IN_POLICY (no pointer)');
  });

  test('cuts fractions of a second off', () => {
    const created = new Date(FIXTURE_NOW.getTime() - 1);
    expect(fixture.wave({ created }).statement.created).toBe('2026-11-22T15:59:59Z');
  });
});

describe('offlineTargetsKeyids', () => {
  test('are the production root’s targets keys but for the online one', () => {
    const root = fixture.roots.production[2];
    expect(root && offlineTargetsKeyids(root.signed, [fixture.keys.online.keyid])).toEqual(fixture.offlineKeyids);
  });
});
