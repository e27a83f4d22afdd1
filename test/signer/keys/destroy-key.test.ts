import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyKeyProof } from '../../../src/dossier/index.js';
import { destroyKey, generateKey, listKeys } from '../../../src/signer/keys/index.js';
import type { TokenKey, TokenPool } from '../../../src/signer/token-types.js';
import { openTokenPool } from '../../../src/signer/token-pool.js';
import { withoutKey } from '../../../scripts/demo/fioctl-roots.js';
import { makeFaultShim } from '../../shim/fault-shim.js';
import { createFixture, metadataText, signRoot, type Fixture } from '../../support/factory-fixture.js';
import { rejectionOf } from '../../support/reject-code.js';
import { SignerSite } from '../../support/signer-bench.js';
import { makeSoftHsm, type SoftHsm } from '../../support/softhsm.js';

const wanted = { factory: 'acme', role: 'targets', type: 'ed25519' } as const;
let fixture: Fixture;
let hsm: SoftHsm;
let token: ReturnType<SoftHsm['makeToken']>;
/** Both are in the root in force. */
let rootKeys: readonly [TokenKey, TokenKey];
let site: SignerSite;
let pool: TokenPool;

beforeAll(async () => {
  hsm = makeSoftHsm();
  token = hsm.makeToken('targets');
  await generateKey(token, wanted, hsm.options);
  await generateKey(token, { ...wanted, force: true }, hsm.options);
  rootKeys = [
    await generateKey(token, { ...wanted, role: 'root' }, hsm.options),
    await generateKey(token, { ...wanted, role: 'root', force: true }, hsm.options),
  ];
  fixture = createFixture({ rootKeys });
  pool = await openTokenPool({ ...token, workers: 1 }, hsm.options);
  site = await SignerSite.start({ ...fixture, pools: [pool] });
  await site.signer.readTokens();
}, 60_000);
afterAll(async () => {
  await site.remove();
  await pool.close();
  hsm.remove();
});

describe('keys in a token', () => {
  it('prove themselves there for their role in their Factory', async () => {
    const [key] = await targetsKeys();
    const proved = await site.signer.prove({ factory: 'acme', keyid: key?.keyid ?? '' });
    expect(proved.key).toMatchObject({ role: 'targets', attributes: { extractable: false, local: true } });
    if (key === undefined) throw new Error('the token has keys');
    const subject = { factory: 'acme', keyid: key.keyid, role: 'targets', service: fixture.policy.sha256 } as const;
    verifyKeyProof(subject, key.key, proved.proof);
    expect(() => verifyKeyProof({ ...subject, role: 'root' }, key.key, proved.proof)).toThrow();
  });

  it('are destroyed with the signer stopped, and that stands in its journal', async () => {
    const [first, second] = await targetsKeys();
    const options = { ...hsm.options, stateDir: site.stateDir };
    const destroy = { keyid: first?.keyid ?? '', tokens: [token], now: fixture.now };
    expect(await rejectionOf(destroyKey(destroy, options))).toMatch(/^SIGNER_BUSY/);
    await site.signer.publishedRoots({ factory: 'acme', roots: fixture.rootTexts });
    await site.stop();
    const expected = { type: 'destroy', keyid: first?.keyid, role: 'targets', factory: 'acme' };
    expect(await destroyKey(destroy, options)).toMatchObject(expected);
    expect((await targetsKeys()).map(({ keyid }) => keyid)).toEqual([second?.keyid]);
    // as after a crash between the journal and the token
    expect(await destroyKey(destroy, options)).toMatchObject(expected);
    const journal = readFileSync(join(site.stateDir, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
    const destroyed = journal
      .map((line) => JSON.parse(line) as object)
      .filter((line) => 'type' in line && line.type === 'destroy');
    expect(destroyed).toMatchObject([expected]);
    expect(await rejectionOf(destroyKey({ ...destroy, keyid: 'f'.repeat(64) }, options))).toMatch(/^KEY_NOT_FOUND/);
  }, 60_000);

  it('of root are destroyed after one in force has signed, and not if it cannot', async () => {
    const [{ keyid }, next] = rootKeys;
    const shim = makeFaultShim(hsm.dir, token);
    const options = { ...hsm.options, stateDir: site.stateDir };
    const destroy = { keyid, tokens: [shim.token], now: fixture.now };
    const inToken = async () => (await listKeys(token, hsm.options)).filter(({ role }) => role === 'root');
    await site.restart();
    const roots = { ci: rootsWithout(keyid, 'ci'), production: rootsWithout(keyid, 'production') };
    await site.signer.publishedRoots({ factory: 'acme', roots });
    await site.stop();
    shim.plan({ call: 'C_Sign', fault: 'flip', times: 'always' });
    expect(await rejectionOf(destroyKey(destroy, options))).toMatch(/^SIGNATURE_WRONG/);
    expect(await inToken()).toHaveLength(2);
    shim.plan();
    const before = shim.calls('C_Sign');
    expect(await destroyKey(destroy, options)).toMatchObject({ type: 'destroy', keyid, role: 'root' });
    expect(shim.calls('C_Sign')).toBe(before + 1);
    expect((await inToken()).map((key) => key.keyid)).toEqual([next.keyid]);
  }, 60_000);
});

async function targetsKeys(): Promise<readonly TokenKey[]> {
  return (await listKeys(token, hsm.options)).filter(({ role }) => role === 'targets');
}

/** The published roots, with one more that no longer names this root key. */
function rootsWithout(keyid: string, repository: 'ci' | 'production'): string[] {
  const chain = fixture.roots[repository];
  const newest = chain.at(-1)?.signed;
  if (newest === undefined) throw new Error('the fixture has roots');
  const next = { ...withoutKey(newest, 'root', keyid), version: newest.version + 1 };
  return [...chain, signRoot(next, [fixture.keys.root])].map(metadataText);
}
