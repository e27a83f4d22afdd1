import { beforeAll, describe, expect, test } from '@jest/globals';
import { explainVerification, shortCode, verifyDossier } from '../../src/dossier/index.js';
import { createFixture, type DossierOptions, type Fixture } from '../support/factory-fixture.js';

let fixture: Fixture;

beforeAll(() => {
  fixture = createFixture();
});

async function explain(options: DossierOptions, of = fixture): Promise<string> {
  return explainVerification(await verifyDossier(of.dossier(options), of.pins, of.now));
}

describe('explainVerification', () => {
  test('says first whether it is approved, and by whom', async () => {
    expect((await explain({})).split('\n')[0]).toBe('APPROVED by alice, bob.');
    expect((await explain({ approvals: ['carol'] })).split('\n')[0]).toBe(
      'NOT APPROVED: 1 of 2 needed officers approved it (carol).',
    );
    expect((await explain({ approvals: [] })).split('\n')[0]).toBe('NOT APPROVED: 0 of 2 needed officers approved it.');
    const rejected = await explain({ rejections: [{ person: 'carol', reason: 'not today' }] });
    expect(rejected.split('\n')[0]).toBe('REJECTED by carol: it must never be signed.');
    expect(rejected).toContain('"not today"');
    const single = createFixture({ officers: ['alice'] });
    expect((await explain({ approvals: ['alice'] }, single)).split('\n')[0]).toBe(
      'APPROVED by alice alone: the policy asks for a single officer.',
    );
  });

  test('says what was asked for, by whom and why', async () => {
    const wave = fixture.wave({ reason: 'größer\u00a0"besser"' });
    const text = await explain({ wave });
    expect(text).toContain('Wave w42: version 42 for tag production of Factory acme');
    expect(text).toContain('by ci (ci) at 2026-11-22T15:59:00Z');
    expect(text).toContain(JSON.stringify(wave.statement.reason));
    expect(text).toContain(`sha256 ${wave.sha256} (short code ${shortCode(wave.sha256)})`);
    expect(text).toContain(`sha256 ${wave.statement.documents[0].sha256}, ${wave.document.length} bytes`);
  });

  test('gives the reason for each approval and rejection that does not count', async () => {
    const other = fixture.wave({ prune: [40] });
    const text = await explain({
      approvals: ['alice'],
      parts: (made) => ({
        ...made,
        approvals: [...(made.approvals ?? []), fixture.approve('bob', other.text), 'nonsense'],
        rejections: [fixture.reject('carol', other.text, 'no')],
      }),
    });
    expect(text).toMatch(/alice {3}SHA256:\S+ \(ssh-ed25519\) +counted\n/);
    expect(text).toMatch(/nobody {2}SHA256:\S+ \(ssh-ed25519\) +not counted: it does not sign this statement\n/);
    expect(text).toMatch(/nobody {2}no key +not counted: it is no SSH signature\n/);
    expect(text).toMatch(/SHA256:\S+ {2}not counted: it is about another statement\n/);
  });

  test('tells what is proved from what the signer claims', async () => {
    expect(await explain({})).toContain('by this machine’s clock'.replace('’', "'"));
    const signed = await explain({ signedAt: fixture.now, published: true });
    expect(signed).toContain("at 2026-11-22T16:00:00Z (the signer's claim)");
    expect(signed).toContain('the time that the signer claims to have signed at; nothing else proves it');
    expect(signed).toContain('2 of the 2 signatures that devices want');
  });

  test('shows in capitals that it supersedes something signed before', async () => {
    const supersedes = { statement: 'ab'.repeat(32), documents: ['cd'.repeat(32)] };
    expect(await explain({ wave: fixture.wave({ supersedes }) })).toMatch(/^SUPERSEDES +statement (ab){32}/m);
    const unknown = supersedes.documents;
    expect(await explain({ wave: fixture.wave({ supersedes: { ...supersedes, unknown } }) })).toMatch(
      /^SUPERSEDES .*; the service had no request of 1 such document/m,
    );
  });
});
