import { describe, expect, it } from '@jest/globals';
import { NAMESPACES } from '../../src/approval/index.js';
import { checkPolicySignatures, draftPolicy, signedPolicy } from '../../src/policy/index.js';
import { draftOf, KEYS, RULES, signAs } from './policy-fixture.js';

const first = draftPolicy(draftOf());
const second = draftPolicy(
  draftOf({
    version: 2,
    previous: signedPolicy(first).sha256,
    officers: [...draftOf().officers.slice(1), { person: 'dan', keys: [KEYS.dan.line] }],
  }),
);

describe('signatures of version 1', () => {
  it('are needed of all its officers, whatever its quorum', () => {
    const check = checkPolicySignatures(signAs(first, { ada: KEYS.ada, cleo: KEYS.cleo }), first);
    expect(check).toEqual({ needed: 3, persons: ['ada', 'cleo'], missing: ['ben'], invalid: [], satisfied: false });
    const full = checkPolicySignatures(signAs(first, { ada: KEYS.adaSpare, ben: KEYS.ben, cleo: KEYS.cleo }), first);
    expect(full).toMatchObject({ missing: [], satisfied: true });
  });

  it('are judged by version 1 itself, whatever is given', () => {
    const lax = draftPolicy(
      draftOf({ officers: [{ person: 'eve', keys: [KEYS.eve.line] }, ...draftOf().officers.slice(1)] }),
    );
    expect(checkPolicySignatures(signAs(first, { eve: KEYS.eve, ben: KEYS.ben, cleo: KEYS.cleo }), lax)).toMatchObject({
      persons: ['ben', 'cleo'],
      satisfied: false,
    });
  });
});

describe('signatures of a later version', () => {
  it('are needed of the quorum of the version before, among its officers', () => {
    expect(checkPolicySignatures(signAs(second, { ada: KEYS.ada, ben: KEYS.ben }), first)).toEqual({
      needed: 2,
      persons: ['ada', 'ben'],
      missing: ['cleo'],
      invalid: [],
      satisfied: true,
    });
  });

  it('do not count of somebody whom only the new version names', () => {
    expect(checkPolicySignatures(signAs(second, { ben: KEYS.ben, dan: KEYS.dan }), first)).toMatchObject({
      persons: ['ben'],
      invalid: [{ person: 'dan', code: 'OFFICER_UNKNOWN' }],
      satisfied: false,
    });
  });

  it('count the quorum for kind policy, not for other kinds', () => {
    const strict = draftPolicy(draftOf({ kinds: { wave: RULES, policy: { ...RULES, quorum: 3 } } }));
    const next = draftPolicy(draftOf({ version: 2, previous: signedPolicy(strict).sha256 }));
    expect(checkPolicySignatures(signAs(next, { ada: KEYS.ada, ben: KEYS.ben }), strict)).toMatchObject({
      needed: 3,
      satisfied: false,
    });
  });
});

describe('a signature', () => {
  const { text } = signedPolicy(second);
  const ben = { person: 'ben', sshsig: KEYS.ben.sign(NAMESPACES.policy, text) };

  it('of a person counts once, also with two keys', () => {
    const twice = signedPolicy(second, [
      { person: 'ada', sshsig: KEYS.ada.sign(NAMESPACES.policy, text) },
      { person: 'ada', sshsig: KEYS.adaSpare.sign(NAMESPACES.policy, text) },
      { person: 'ada', sshsig: KEYS.ada.sign(NAMESPACES.policy, text, { hash: 'sha256' }) },
    ]);
    expect(checkPolicySignatures(twice, first)).toMatchObject({ persons: ['ada'], satisfied: false });
  });

  it.each([
    ['under the name of another officer', 'cleo', KEYS.ada.sign(NAMESPACES.policy, text), 'OFFICER_UNKNOWN'],
    ['by a key of nobody', 'ada', KEYS.eve.sign(NAMESPACES.policy, text), 'OFFICER_UNKNOWN'],
    ['for another purpose', 'ada', KEYS.ada.sign(NAMESPACES.approve, text), 'SSHSIG_NAMESPACE'],
    ['over other bytes', 'ada', KEYS.ada.sign(NAMESPACES.policy, `${text}\n`), 'SSHSIG_MISMATCH'],
    ['without a touch', 'cleo', KEYS.cleo.sign(NAMESPACES.policy, text, { flags: 0 }), 'SSHSIG_USER_PRESENCE'],
    ['that is none', 'ada', 'signed: ada', 'SSHSIG_INVALID'],
  ])('%s does not count, and takes nothing from the others', (_what, person, sshsig, code) => {
    const check = checkPolicySignatures(signedPolicy(second, [{ person, sshsig }, ben]), first);
    expect(check).toMatchObject({ persons: ['ben'], invalid: [{ person, code }], satisfied: false });
  });
});
