import { CountersignError } from '../errors.js';

const HEADER = '-----BEGIN SSH SIGNATURE-----';
const FOOTER = '-----END SSH SIGNATURE-----';
/** The largest accepted key and signature (16384-bit RSA) come to about 6,000 characters. */
const MAX_ARMORED_CHARS = 16_384;
/** PROTOCOL.sshsig section 1 breaks lines at 76 characters, ssh-keygen at 70, PEM writers at 64. */
const BASE64_LINE = /^[A-Za-z0-9+/=]{1,76}$/;

/**
 * The blob inside an armored signature (PROTOCOL.sshsig section 1). Stricter than ssh-keygen, which
 * ignores what follows the footer and skips blanks: an approval is stored and counted, so it should have one form.
 *
 * @param armored header line, base64 lines of equal length (the last may be shorter), footer line; `\n` ends lines, the last one optionally
 * @throws SSHSIG_INVALID
 */
export function parseArmor(armored: string): Buffer {
  if (armored.length > MAX_ARMORED_CHARS) throw invalid('is too long');
  if (armored.includes('\r')) throw invalid('has carriage returns in it', 'save it with Unix line ends');
  const lines = (armored.endsWith('\n') ? armored.slice(0, -1) : armored).split('\n');
  if (lines[0] !== HEADER) throw invalid(`does not begin with the line ${HEADER}`);
  if (lines.length < 3 || lines.at(-1) !== FOOTER) throw invalid(`does not end with the line ${FOOTER}`);
  const body = lines.slice(1, -1);
  const width = body[0]?.length ?? 0;
  const lastIsLonger = (body.at(-1)?.length ?? 0) > width;
  if (lastIsLonger || body.slice(0, -1).some((line) => line.length !== width)) {
    throw invalid('has lines of unequal length');
  }
  if (!body.every((line) => BASE64_LINE.test(line))) throw invalid('has lines that are not base64');
  const base64 = body.join('');
  const blob = Buffer.from(base64, 'base64');
  // Node skips what it cannot decode; padding inside, missing padding and loose bits show only here.
  if (blob.toString('base64') !== base64) throw invalid('is not valid base64');
  return blob;
}

function invalid(
  problem: string,
  hint = 'give the whole .sig file that ssh-keygen -Y sign wrote, and nothing else',
): CountersignError {
  return new CountersignError('SSHSIG_INVALID', `the SSH signature ${problem}`, { hint });
}
