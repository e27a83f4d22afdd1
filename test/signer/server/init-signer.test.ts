import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NAMESPACES } from '../../../src/approval/index.js';
import { serializePolicy, signedPolicy } from '../../../src/policy/index.js';
import { initSigner, type InitOptions } from '../../../src/signer/server/init-signer.js';
import { verifyJournal } from '../../../src/signer/journal/index.js';
import { createFixture, type Fixture } from '../../support/factory-fixture.js';
import { rejectionOf } from '../../support/reject-code.js';
import { softToken } from '../../support/soft-token-pool.js';
import { tufKey } from '../../support/tuf-key.js';

let parent: string;
let fixture: Fixture;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'init-signer-'));
  fixture = createFixture();
});
afterEach(() => rmSync(parent, { recursive: true }));

const stateDir = (): string => join(parent, 'var', 'state');
const init = (more: Partial<InitOptions> = {}) =>
  initSigner({
    stateDir: stateDir(),
    policies: [fixture.policyText],
    pins: fixture.pins,
    keys: [],
    now: fixture.now,
    ...more,
  });

describe('initSigner', () => {
  it('pins policy, first roots and the keys of the tokens', async () => {
    const [root, targets] = [tufKey('RSA'), tufKey()];
    const keys = await softToken({ keys: [{ pair: root, role: 'root' }, { pair: targets }] }).keys();
    const report = await init({ keys });
    expect(report).toMatchObject({ factories: ['acme'], keyids: [root.keyid, targets.keyid], journal: { seq: 4 } });
    const journal = join(stateDir(), 'journal.jsonl');
    await expect(verifyJournal(journal)).resolves.toMatchObject({
      entries: 4,
      service: fixture.policy.sha256,
      headHash: report.journal.hash,
    });
    const [first] = readFileSync(journal, 'utf8').split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({ type: 'init', roots: fixture.pins.firstRootSha256 });
    expect(readdirSync(stateDir())).toEqual(['journal.jsonl']);
  });

  it('is done once, also if it is tried twice at the same moment', async () => {
    const outcomes = await Promise.all([rejectionOf(init()), rejectionOf(init())]);
    expect(outcomes.filter((outcome) => outcome === 'RESOLVED')).toHaveLength(1);
    await expect(rejectionOf(init())).resolves.toMatch(/^SIGNER_ALREADY_INITIALISED/);
    await expect(verifyJournal(join(stateDir(), 'journal.jsonl'))).resolves.toMatchObject({ entries: 2 });
  });

  it('takes a chain of policies', async () => {
    const unsigned = { ...fixture.policy.policy, version: 2, previous: fixture.policy.sha256 };
    const { text } = signedPolicy(unsigned);
    const sign = (person: string) => ({ person, sshsig: fixture.sshsig(person, NAMESPACES.policy, text) });
    const second = serializePolicy(signedPolicy(unsigned, [sign('alice'), sign('carol')]));
    await expect(init({ policies: [fixture.policyText, second] })).resolves.toMatchObject({ journal: { seq: 3 } });
  });

  const WRONG: [string, string, () => Partial<InitOptions>][] = [
    [
      'a policy that one of its officers did not sign',
      'POLICY_NOT_SIGNED',
      () => ({
        policies: [serializePolicy({ ...fixture.policy, signatures: fixture.policy.signatures.slice(1) })],
      }),
    ],
    ['another policy than the pinned one', 'POLICY_NOT_PINNED', () => ({ policies: [createFixture().policyText] })],
    ['no policy', 'POLICY_CHAIN_BROKEN', () => ({ policies: [] })],
    [
      'a Factory whose first root is not pinned',
      'PINS_MISSING',
      () => ({ pins: { ...fixture.pins, firstRootSha256: {} } }),
    ],
    [
      'a Factory whose first root is pinned to another digest than the policy says',
      'ROOT_NOT_TRUSTED',
      () => ({ pins: { ...fixture.pins, firstRootSha256: { acme: '0'.repeat(64) } } }),
    ],
  ];
  for (const [what, code, options] of WRONG) {
    it(`refuses ${what}: ${code}`, async () => {
      await expect(rejectionOf(init(options()))).resolves.toMatch(new RegExp(`^${code} `));
      expect(readdirSync(parent)).toEqual([]);
    });
  }
});
