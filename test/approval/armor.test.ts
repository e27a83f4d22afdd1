import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseArmor } from '../../src/approval/armor.js';
import { codeOf } from '../support/error-code.js';
import { armor } from '../support/ssh-forge.js';

const BEGIN = '-----BEGIN SSH SIGNATURE-----';
const END = '-----END SSH SIGNATURE-----';
const BLOB = Buffer.from('SSHSIG and whatever follows, long enough for more than a single line of base64 text');
const GOOD = armor(BLOB);

function wrapped(blob: Buffer, width: number): string {
  return [BEGIN, ...(blob.toString('base64').match(new RegExp(`.{1,${width}}`, 'g')) ?? []), END].join('\n');
}

describe('armor', () => {
  it('is taken as ssh-keygen writes it, whatever the length of the blob', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bytes) => {
        expect(parseArmor(armor(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
      }),
      { seed: 20_302 },
    );
  });

  it('is taken when its last line holds only padding', () => {
    const blob = Buffer.alloc(53, 7); // 72 characters, of which the last is padding: 71 + "="
    expect(wrapped(blob, 71).split('\n').at(-2)).toBe('=');
    expect(parseArmor(wrapped(blob, 71))).toEqual(blob);
  });

  it.each([64, 70, 76])('is taken in lines of %i characters', (width) => {
    expect(parseArmor(wrapped(BLOB, width))).toEqual(BLOB);
  });

  it('is taken without the newline at its end', () => {
    expect(parseArmor(GOOD.trimEnd())).toEqual(BLOB);
  });

  const lines = GOOD.trimEnd().split('\n');
  it.each([
    ['nothing', ''],
    ['only the frame', `${BEGIN}\n${END}\n`],
    ['an empty body line', `${BEGIN}\n\n${END}\n`],
    ['text before the header', `hello\n${GOOD}`],
    ['a blank before the header', ` ${GOOD}`],
    ['text after the footer', `${GOOD}hello`],
    ['a second newline at the end', `${GOOD}\n`],
    ['a second signature', GOOD + GOOD],
    ['another header', GOOD.replace('SSH SIGNATURE', 'PGP SIGNATURE')],
    ['no footer', lines.slice(0, -1).join('\n')],
    ['a footer on the same line', GOOD.replace(`\n${END}`, END)],
    ['carriage returns', GOOD.replaceAll('\n', '\r\n')],
    ['a blank in a line', GOOD.replace('AA', 'A ').replace('U1NI', 'U1 NI')],
    ['an empty line between', [lines[0], lines[1], '', ...lines.slice(2)].join('\n')],
    ['a long line after a short one', [BEGIN, 'QUJD', 'QUJDQUJD', END].join('\n')],
    ['lines of 77 characters', wrapped(BLOB, 77)],
    ['characters outside the alphabet', [BEGIN, 'QUJD-_JD', END].join('\n')],
    ['missing padding', [BEGIN, 'QUI', END].join('\n')],
    ['padding in the middle', [BEGIN, 'QUI=QUI=', END].join('\n')],
    ['only padding', [BEGIN, '====', END].join('\n')],
    ['bits set that no byte holds', [BEGIN, 'QUJ=', END].join('\n')],
    ['more text than any signature needs', armor(Buffer.alloc(20_000))],
  ])('is refused with %s', (_what, text) => {
    expect(codeOf(() => parseArmor(text))).toBe('SSHSIG_INVALID');
  });
});
