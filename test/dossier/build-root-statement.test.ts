import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseStatement, type RootStatementInput } from '../../src/dossier/index.js';
import { rejectionOf } from '../support/reject-code.js';
import { addKey, CHANGELOG, KEYS, replaceKey, targetsDocument } from '../support/root-base.js';
import { createRootFixture, type RootFixture, type UpdateOptions } from '../support/root-fixture.js';

const [root, otherRoot] = KEYS.root;
const [targets] = KEYS.targets;
const [spare] = KEYS.spare;
const ROTATE = [replaceKey('targets', targets, spare), CHANGELOG];

let fixture: RootFixture;

beforeAll(() => {
  const signers = [targets, KEYS.online];
  fixture = createRootFixture({
    rules: { leastKeys: { targets: 1 } },
    documents: [targetsDocument('devel', signers), targetsDocument('production', signers)],
  });
});

describe('buildRootStatement', () => {
  test('names everything that the update builds on and every byte that is to be signed', async () => {
    const { statement, text, update } = await fixture.update(ROTATE);
    expect(parseStatement(text)).toEqual(statement);
    const [devel, production] = fixture.documents;
    expect(statement).toMatchObject({
      service: fixture.officers.policy.sha256,
      kind: 'root',
      base: {
        root: { version: 3, ci: fixture.roots.ci[2]?.sha256, production: fixture.roots.production[2]?.sha256 },
        ciTargets: { version: 45, sha256: fixture.ciTargets.sha256 },
        targets: {
          devel: { version: 42, sha256: devel?.metadata.sha256 },
          production: { version: 42, sha256: production?.metadata.sha256 },
        },
        waves: {},
      },
      keys: [{ keyid: spare.keyid, role: 'targets', token: { label: 'targets' } }],
      documents: [
        { role: 'root', repository: 'ci', version: 4, length: update.ci.length, sign: [root.keyid] },
        { role: 'root', repository: 'production', version: 4, length: update.production.length, sign: [root.keyid] },
        { role: 'targets', tag: 'devel', wave: null, version: 42, sign: [spare.keyid] },
        { role: 'targets', tag: 'production', wave: null, version: 42, sign: [spare.keyid] },
      ],
      supersedes: null,
      upstream: null,
    });
  });

  test('takes documents as they come, one by one', async () => {
    const input = (it: RootStatementInput): RootStatementInput => ({ ...it, documents: onAndOn() });
    async function* onAndOn() {
      for (const document of fixture.documents) {
        await Promise.resolve();
        yield document;
      }
    }
    expect((await fixture.update(ROTATE, { input })).text).toBe((await fixture.update(ROTATE)).text);
  });

  test.each<[string, UpdateOptions, string]>([
    ['of a Factory that the policy does not name', built({ factory: 'other' }), 'FACTORY_NOT_IN_POLICY (no pointer)'],
    ['that would live too long', built({ expires: new Date('2026-11-30T00:00:00Z') }), 'STATEMENT_LIFETIME /expires'],
    ['without a reason', built({ reason: ' ' }), 'STATEMENT_INVALID /reason'],
    ['that says nothing of a new key', built({ keys: [] }), 'STATEMENT_KEYS_MISMATCH /keys/0'],
    ['that nobody in the root role signs', { sign: [otherRoot] }, 'SIGN_KEY_NOT_IN_ROLE /documents/0/sign/0'],
    ['that nobody signs', { sign: [] }, 'STATEMENT_INVALID /documents/0/sign'],
    [
      'with a key of another Factory',
      built({ keysOfOtherFactories: [spare.key] }),
      `ROOT_KEY_OTHER_FACTORY /signed/keys/${spare.keyid}`,
    ],
  ])('writes no statement %s', async (_, options, code) => {
    expect(await rejectionOf(fixture.update(ROTATE, options))).toBe(code);
  });

  test('writes no statement over documents out of order', async () => {
    const input = (it: RootStatementInput): RootStatementInput => ({
      ...it,
      documents: [...fixture.documents].reverse(),
    });
    expect(await rejectionOf(fixture.update(ROTATE, { input }))).toBe('STATEMENT_BASE_MISMATCH /base/targets/devel');
  });

  test('asks for as many keys as the policy wants, once the role has any', async () => {
    const rules = { leastKeys: { root: 2, targets: 2 } };
    const strict = createRootFixture({ rules, root: [root, otherRoot], targets: [], documents: [] });
    expect(await rejectionOf(strict.update([CHANGELOG]))).toBe('RESOLVED');
    expect(await rejectionOf(strict.update([addKey('targets', spare), CHANGELOG]))).toBe(
      'ROOT_KEYS_TOO_FEW /signed/roles/targets/keyids',
    );
  });
});

function built(over: Partial<RootStatementInput>): UpdateOptions {
  return { input: (input) => ({ ...input, ...over }) };
}
