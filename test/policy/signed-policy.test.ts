import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NAMESPACES } from '../../src/approval/index.js';
import { isCountersignError } from '../../src/errors.js';
import { draftPolicy, parsePolicy, serializePolicy, signedPolicy, verifyPolicyChain } from '../../src/policy/index.js';
import { placeOf } from '../support/error-code.js';
import { openSshHome, type SshHome } from '../support/ssh.js';
import { draftOf, KEYS, signAs } from './policy-fixture.js';

let home: SshHome;
beforeAll(() => {
  home = openSshHome();
});
afterAll(() => home.close());

const policy = draftPolicy(draftOf());
const signed = signAs(policy, { ada: KEYS.ada, ben: KEYS.ben, cleo: KEYS.cleo });
const text = serializePolicy(signed);

describe('policy.json', () => {
  it('comes back as it was written, from text and from bytes, with a newline at its end or without', () => {
    for (const input of [text, `${text}\n`, Buffer.from(text), Buffer.from(`${text}\n`)]) {
      expect(parsePolicy(input)).toEqual(signed);
    }
    expect(serializePolicy(parsePolicy(text))).toBe(text);
    expect(text).not.toContain('\n'); // so that it can be a member of a JSON line
  });

  it('has the digest of the text that is signed', () => {
    expect(signed.sha256).toBe(createHash('sha256').update(signed.text).digest('hex'));
    expect(text.endsWith(`"signed":${signed.text}}`)).toBe(true);
  });

  it('is signed and checked by stock ssh-keygen alone', () => {
    const officers = ['ada', 'ben'].map((person) => ({ person, files: home.generateKey({ comment: person }) }));
    const draft = draftPolicy(
      draftOf({ officers: officers.map(({ person, files }) => ({ person, keys: [files.publicKey] })) }),
    );
    const unsigned = signedPolicy(draft);
    const signatures = officers.map(({ person, files }) => ({
      person,
      sshsig: home.sign(files, NAMESPACES.policy, unsigned.text),
    }));
    const parsed = parsePolicy(serializePolicy({ policy: draft, signatures }));
    expect(verifyPolicyChain([parsed], { policySha256: unsigned.sha256 })).toBe(parsed);
    officers.forEach(({ files }, index) => {
      const sshsig = parsed.signatures[index]?.sshsig ?? '';
      expect(home.verifies(files.publicKey, NAMESPACES.policy, parsed.text, sshsig)).toBe(true);
      expect(home.verifies(files.publicKey, NAMESPACES.approve, parsed.text, sshsig)).toBe(false);
      expect(home.verifies(files.publicKey, NAMESPACES.policy, `${parsed.text}\n`, sshsig)).toBe(false);
    });
  });
});

describe('policy.json is refused', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  it.each([
    ['as nothing', '', ''],
    ['as no JSON', '{', ''],
    ['as another value', '[]', ''],
    ['with a byte order mark', `\ufeff${text}`, ''],
    ['with two newlines at its end', `${text}\n\n`, ''],
    ['with blanks', text.replace(':', ': '), ''],
    ['with members in another order', `{"signed":${signed.text},"signatures":[]}`, ''],
    ['with a repeated member', text.replace('"spec":1', '"spec":1,"spec":1'), ''],
    ['with 1.0', text.replace('"version":1,', '"version":1.0,').replace('"version":1}', '"version":1.0}'), ''],
    ['with an escape that need not be', text.replace('acme', '\\u0061cme'), ''],
    ['with a deep nest', text.replace('"acme"', deep), ''],
    ['with an unknown member', text.replace('{"signatures"', '{"extra":1,"signatures"'), '/extra'],
    ['with an unknown member in signed', text.replace('"officers"', '"note":"x","officers"'), '/signed/note'],
    ['with an unknown kind', text.replace('"kinds":{', '"kinds":{"firmware":{},'), '/signed/kinds/firmware'],
    ['with __proto__', text.replace('"kinds":{', '"kinds":{"__proto__":{},'), '/signed/kinds/__proto__'],
    ['without signatures', `{"signed":${signed.text}}`, '/signatures'],
    ['of another spec', text.replace('"spec":1', '"spec":2'), '/signed/spec'],
    ['of another type', text.replace('countersign/policy', 'countersign/statement'), '/signed/_type'],
    [
      'with a line feed in what is signed',
      text.replace('acme targets', 'acme\\ntargets'),
      '/signed/factories/0/tokens/0/label',
    ],
    [
      'with a control character',
      text.replace('acme targets', 'acme\\u001btargets'),
      '/signed/factories/0/tokens/0/label',
    ],
  ])('%s', (_what, input, pointer) => {
    expect(placeOf(() => parsePolicy(input))).toBe(`POLICY_INVALID ${pointer}`);
  });

  it('as bytes that are not UTF-8', () => {
    const bytes = Buffer.from(text);
    bytes.writeUInt8(0xff, bytes.indexOf('ada'));
    expect(placeOf(() => parsePolicy(bytes))).toBe('POLICY_INVALID ');
  });

  it('larger than anybody needs', () => {
    expect(placeOf(() => parsePolicy(`"${'x'.repeat(1_100_000)}"`))).toBe('POLICY_INVALID ');
  });

  it('always with that code, whatever is done to the text', () => {
    const edit = fc.record({
      at: fc.nat(text.length),
      cut: fc.nat(4),
      put: fc.string({ unit: 'binary', maxLength: 4 }),
    });
    fc.assert(
      fc.property(edit, ({ at, cut, put }) => {
        const edited = text.slice(0, at) + put + text.slice(at + cut);
        try {
          // A change that still parses is another policy or another signature, and is written as it was read.
          expect(serializePolicy(parsePolicy(edited))).toBe(edited.replace(/\n$/, ''));
        } catch (error) {
          if (!isCountersignError(error, 'POLICY_INVALID')) throw error;
        }
      }),
      { seed: 20_303, numRuns: 1000 },
    );
  });
});
