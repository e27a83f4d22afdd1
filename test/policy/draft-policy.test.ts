import { describe, expect, it } from '@jest/globals';
import { draftPolicy, type PolicyDraft } from '../../src/policy/index.js';
import { placeOf } from '../support/error-code.js';
import { softKey } from '../support/ssh-forge.js';
import { draftOf, KEYS, RULES } from './policy-fixture.js';

const [factory] = draftOf().factories;
if (factory === undefined) throw new Error('the fixture has no Factory');
const [token] = factory.tokens;
if (token === undefined) throw new Error('the fixture has no token');

const place = (change: Partial<PolicyDraft>) => placeOf(() => draftPolicy(draftOf(change)));
const single = { quorum: 1, maxExpiresDays: 365, singleOfficer: true };

describe('a policy', () => {
  it('is what was decided, with its type', () => {
    expect(draftPolicy(draftOf())).toEqual({ _type: 'countersign/policy', spec: 1, ...draftOf() });
  });

  it.each<[string, Partial<PolicyDraft>]>([
    ['rules for every kind', { kinds: { wave: RULES, root: RULES, bundle: RULES, policy: RULES } }],
    ['a single officer where it says so', { kinds: { wave: single, policy: single } }],
    ['one person in all', { officers: draftOf().officers.slice(0, 1), kinds: { wave: single, policy: single } }],
    ['a Factory on this machine', { factories: [{ ...factory, url: 'http://127.0.0.1:8001' }] }],
    [
      'a token by label and serial',
      { factories: [{ ...factory, tokens: [{ ...token, serial: '0123456789abcdef' }] }] },
    ],
    ['a later version', { version: 2, previous: 'b'.repeat(64) }],
  ])('may have %s', (_what, change) => expect(place(change)).toBe('NOTHING_THROWN'));
});

describe('a policy is refused, with a pointer,', () => {
  const ada = (keys: string[]) => ({ person: 'ada', keys });
  const ben = { person: 'ben', keys: [KEYS.ben.line] };

  it.each<[string, Partial<PolicyDraft>, string]>([
    ['with a Factory without token', { factories: [{ ...factory, tokens: [] }] }, '/factories/0/tokens'],
    ['with a person of no name', { officers: [{ person: '', keys: [KEYS.ada.line] }, ben] }, '/officers/0/person'],
    [
      'with a person of upper case',
      { officers: [{ person: 'Ada', keys: [KEYS.ada.line] }, ben] },
      '/officers/0/person',
    ],
    [
      'with a person named by 64 characters',
      { officers: [{ person: 'a'.repeat(64), keys: [KEYS.ada.line] }, ben] },
      '/officers/0/person',
    ],
    ['with a person twice', { officers: [ada([KEYS.ada.line]), ben, ada([KEYS.adaSpare.line])] }, '/officers/2/person'],
    ['with an officer without key', { officers: [ada([]), ben] }, '/officers/0/keys'],
    ['with two persons sharing a key', { officers: [ada([KEYS.ben.line]), ben] }, '/officers/1/keys/0'],
    [
      'with two persons sharing a key under other comments',
      { officers: [ada([KEYS.ben.line.replace('ben', 'mine')]), ben] },
      '/officers/1/keys/0',
    ],
    ['with a key twice', { officers: [ada([KEYS.ada.line, KEYS.ada.line]), ben] }, '/officers/0/keys/1'],
    ['with a key that is none', { officers: [ada(['ssh-ed25519 AAAA']), ben] }, '/officers/0/keys/0'],
    ['with a weak key', { officers: [ada([softKey('ssh-rsa', { rsaBits: 1024 }).line]), ben] }, '/officers/0/keys/0'],
    ['with a newline after a key', { officers: [ada([`${KEYS.ada.line}\n`]), ben] }, '/officers/0/keys/0'],
    ['with blanks around a comment', { officers: [ada([`${KEYS.ada.line} `]), ben] }, '/officers/0/keys/0'],
    ['with a direction override', { officers: [ada([`${KEYS.ada.line}\u202e`]), ben] }, '/officers/0/keys/0'],
    ['without officers', { officers: [] }, '/officers'],
    [
      'with a quorum above its officers',
      { kinds: { wave: { ...RULES, quorum: 4 }, policy: RULES } },
      '/kinds/wave/quorum',
    ],
    ['with a quorum of 0', { kinds: { wave: { ...RULES, quorum: 0 }, policy: RULES } }, '/kinds/wave/quorum'],
    [
      'with a quorum of 1 not said to be single',
      { kinds: { wave: { ...RULES, quorum: 1 }, policy: RULES } },
      '/kinds/wave/quorum',
    ],
    [
      'with a quorum of one and a half',
      { kinds: { wave: { ...RULES, quorum: 1.5 }, policy: RULES } },
      '/kinds/wave/quorum',
    ],
    [
      'with a single officer and a quorum of 2',
      { kinds: { wave: RULES, policy: { ...RULES, singleOfficer: true } } },
      '/kinds/policy/quorum',
    ],
    [
      'with more keys than a role can have',
      { kinds: { wave: RULES, policy: RULES, root: { ...RULES, leastKeys: { root: 11 } } } },
      '/kinds/root/leastKeys/root',
    ],
    [
      'with no limit in days',
      { kinds: { wave: { ...RULES, maxExpiresDays: 0 }, policy: RULES } },
      '/kinds/wave/maxExpiresDays',
    ],
    [
      'with a limit of ages',
      { kinds: { wave: { ...RULES, maxExpiresDays: 36_500 }, policy: RULES } },
      '/kinds/wave/maxExpiresDays',
    ],
    ['without a Factory', { factories: [] }, '/factories'],
    ['with a Factory twice', { factories: [factory, factory] }, '/factories/1/name'],
    ['with a Factory name that leaves its path', { factories: [{ ...factory, name: '../acme' }] }, '/factories/0/name'],
    [
      'with credentials in the URL',
      { factories: [{ ...factory, url: 'https://me:secret@api.factory.example' }] },
      '/factories/0/url',
    ],
    ['with http to elsewhere', { factories: [{ ...factory, url: 'http://api.factory.example' }] }, '/factories/0/url'],
    [
      'with a root digest in upper case',
      { factories: [{ ...factory, firstRoot: { version: 1, sha256: 'A'.repeat(64) } }] },
      '/factories/0/firstRoot/sha256',
    ],
    ['with a token twice', { factories: [{ ...factory, tokens: [token, token] }] }, '/factories/0/tokens/1'],
    [
      'with a token without role',
      { factories: [{ ...factory, tokens: [{ ...token, roles: [] }] }] },
      '/factories/0/tokens/0/roles',
    ],
    [
      'with a role twice',
      { factories: [{ ...factory, tokens: [{ ...token, roles: ['root', 'root'] }] }] },
      '/factories/0/tokens/0/roles/1',
    ],
    [
      'with a label no token can have',
      { factories: [{ ...factory, tokens: [{ ...token, label: 'x'.repeat(33) }] }] },
      '/factories/0/tokens/0/label',
    ],
    [
      'with a label that ends in a blank',
      { factories: [{ ...factory, tokens: [{ ...token, label: 'acme ' }] }] },
      '/factories/0/tokens/0/label',
    ],
    ['of version 0', { version: 0 }, '/version'],
    ['of version 2 without a predecessor', { version: 2 }, '/previous'],
    ['of version 1 with a predecessor', { previous: 'b'.repeat(64) }, '/previous'],
    ['made at no moment', { created: '2030-13-01T00:00:00Z' }, '/created'],
    ['made at a moment with a fraction', { created: '2030-01-01T00:00:00.5Z' }, '/created'],
  ])('%s', (_what, change, pointer) => expect(place(change)).toBe(`POLICY_INVALID ${pointer}`));
});
