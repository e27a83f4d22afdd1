import { createHash, type KeyObject } from 'node:crypto';
import { CountersignError } from '../errors.js';
import { ACCEPTED_KEYS, findKeyAlgorithm, type KeyAlgorithmFacts, type SshKeyAlgorithm } from './key-algorithms.js';
import { readKeyMaterial } from './key-material.js';
import { WireReader, type WireErrorCode } from './wire-reader.js';

export interface SshPublicKey {
  readonly algorithm: SshKeyAlgorithm;
  /** The key in SSH wire form. Two keys are the same exactly if these bytes are. */
  readonly blob: Buffer;
  /** Free text after the key in its line, `''` without one. Says nothing about whose key it is. */
  readonly comment: string;
  /** `SHA256:` and unpadded base64 of the blob's digest, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  readonly keyObject: KeyObject;
  /** FIDO keys only: the application (relying party) that the authenticator made the key for, e.g. `ssh:`. */
  readonly application: string | null;
  readonly facts: KeyAlgorithmFacts;
}

/** A 16384-bit RSA key needs about 2,800 characters. */
const MAX_LINE_CHARS = 8192;
/** What our canonical text refuses in any string: it could make a screen show other than what is there. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;

/**
 * Parses a public key as it stands in a `.pub` file: `type base64 [comment]`, without the options that
 * authorized_keys allows before it.
 *
 * @param line one line; a newline at its end is allowed
 * @throws SSH_KEY_INVALID not such a line, a type that is not accepted (DSA, certificates, …), a weak or malformed key
 */
export function parseSshPublicKey(line: string): SshPublicKey {
  const text = line.endsWith('\n') ? line.slice(0, -1) : line;
  if (text.length > MAX_LINE_CHARS || UNSHOWABLE.test(text)) {
    throw notALine('the public key is too long or holds characters that cannot be shown');
  }
  const [, type, base64, comment] = /^([^ ]+) ([A-Za-z0-9+/]+={0,2})(?: (.*))?$/u.exec(text) ?? [];
  if (type === undefined || base64 === undefined) throw notALine('this is not a public key line of OpenSSH');
  const blob = Buffer.from(base64, 'base64');
  if (blob.toString('base64') !== base64) throw notALine('the public key is not valid base64');
  const key = parsePublicKeyBlob(blob, 'SSH_KEY_INVALID', (comment ?? '').trim());
  if (key.algorithm !== type) {
    throw notALine(`the line says ${type}, the key in it is ${key.algorithm}`);
  }
  return key;
}

/** The line of a key as this project writes it: single blanks, no newline. */
export function formatSshPublicKey(key: SshPublicKey): string {
  const line = `${key.algorithm} ${key.blob.toString('base64')}`;
  return key.comment === '' ? line : `${line} ${key.comment}`;
}

/**
 * Parses the wire form of a public key (RFC 4253 section 6.6; FIDO keys as OpenSSH defines them).
 *
 * @throws the given code: unknown algorithm, wrong lengths, bytes left over, numbers that are no key
 */
export function parsePublicKeyBlob(blob: Buffer, code: WireErrorCode, comment = ''): SshPublicKey {
  const reader: WireReader = new WireReader(blob, code, 'SSH public key');
  const name = reader.text('algorithm');
  const facts = findKeyAlgorithm(name);
  if (facts === undefined) reader.fail(`is of the type ${name}, which is not accepted`, ACCEPTED_KEYS);
  const keyObject = readKeyMaterial(reader, facts.primitive);
  const application = facts.securityKey ? readApplication(reader) : null;
  reader.end();
  const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
  return { algorithm: facts.name, blob, comment, fingerprint, keyObject, application, facts };
}

/** OpenSSH lets an authenticator sign for SSH only under names with this prefix, so a web login can never pass for one. */
function readApplication(reader: WireReader): string {
  const application = reader.text('application');
  if (!application.startsWith('ssh:')) reader.fail('was made for another application than SSH');
  return application;
}

function notALine(message: string): CountersignError {
  return new CountersignError('SSH_KEY_INVALID', message, {
    hint: `give one line of a .pub file: its type, the key in base64 and perhaps a comment; ${ACCEPTED_KEYS}`,
  });
}
