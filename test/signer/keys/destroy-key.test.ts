import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyKeyProof } from '../../../src/dossier/index.js';
import { destroyKey, generateKey, listKeys } from '../../../src/signer/keys/index.js';
import type { TokenPool } from '../../../src/signer/token-types.js';
import { openTokenPool } from '../../../src/signer/token-pool.js';
import { createFixture } from '../../support/factory-fixture.js';
import { rejectionOf } from '../../support/reject-code.js';
import { SignerSite } from '../../support/signer-bench.js';
import { makeSoftHsm, type SoftHsm } from '../../support/softhsm.js';

const wanted = { factory: 'acme', role: 'targets', type: 'ed25519' } as const;
const fixture = createFixture();
let hsm: SoftHsm;
let token: ReturnType<SoftHsm['makeToken']>;
let site: SignerSite;
let pool: TokenPool;

beforeAll(async () => {
  hsm = makeSoftHsm();
  token = hsm.makeToken('targets');
  await generateKey(token, wanted, hsm.options);
  await generateKey(token, { ...wanted, force: true }, hsm.options);
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
    const [key] = await listKeys(token, hsm.options);
    const proved = await site.signer.prove({ factory: 'acme', keyid: key?.keyid ?? '' });
    expect(proved.key).toMatchObject({ role: 'targets', attributes: { extractable: false, local: true } });
    if (key === undefined) throw new Error('the token has keys');
    const subject = { factory: 'acme', keyid: key.keyid, role: 'targets', service: fixture.policy.sha256 } as const;
    verifyKeyProof(subject, key.key, proved.proof);
    expect(() => verifyKeyProof({ ...subject, role: 'root' }, key.key, proved.proof)).toThrow();
  });

  it('are destroyed with the signer stopped, and that stands in its journal', async () => {
    const [first, second] = await listKeys(token, hsm.options);
    const options = { ...hsm.options, stateDir: site.stateDir };
    const destroy = { keyid: first?.keyid ?? '', tokens: [token], now: fixture.now };
    expect(await rejectionOf(destroyKey(destroy, options))).toMatch(/^SIGNER_BUSY/);
    await site.signer.publishedRoots({ factory: 'acme', roots: fixture.rootTexts });
    await site.stop();
    const expected = { type: 'destroy', keyid: first?.keyid, role: 'targets', factory: 'acme' };
    expect(await destroyKey(destroy, options)).toMatchObject(expected);
    expect((await listKeys(token, hsm.options)).map(({ keyid }) => keyid)).toEqual([second?.keyid]);
    // as after a crash between the journal and the token
    expect(await destroyKey(destroy, options)).toMatchObject(expected);
    const journal = readFileSync(join(site.stateDir, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
    const destroyed = journal
      .map((line) => JSON.parse(line) as object)
      .filter((line) => 'type' in line && line.type === 'destroy');
    expect(destroyed).toMatchObject([expected]);
    expect(await rejectionOf(destroyKey({ ...destroy, keyid: 'f'.repeat(64) }, options))).toMatch(/^KEY_NOT_FOUND/);
  }, 60_000);
});
