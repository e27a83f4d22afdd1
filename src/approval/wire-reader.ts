import { CountersignError, type ErrorCode } from '../errors.js';

/** What a broken encoding is called: the same bytes occur in key files and inside signatures. */
export type WireErrorCode = Extract<ErrorCode, 'SSH_KEY_INVALID' | 'SSHSIG_INVALID'>;

/** Names and namespaces are short; what is longer is not worth looking at. */
const MAX_TEXT_BYTES = 255;

/**
 * Reads the data types of RFC 4251 section 5 from a buffer, front to back. Every length is checked
 * against what is left, and {@link end} must be reached with nothing over, so one value has one encoding.
 */
export class WireReader {
  readonly #bytes: Buffer;
  readonly #code: WireErrorCode;
  readonly #what: string;
  #offset = 0;

  /** @param what names the structure in messages, e.g. `public key` */
  constructor(bytes: Buffer, code: WireErrorCode, what: string) {
    this.#bytes = bytes;
    this.#code = code;
    this.#what = what;
  }

  /** The given number of bytes as they stand. @throws the reader's code */
  take(length: number, name: string): Buffer {
    if (length > this.#bytes.length - this.#offset) this.fail(`ends before its ${name} is complete`);
    const taken = this.#bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return taken;
  }

  byte(name: string): number {
    return this.take(1, name).readUInt8(0);
  }

  uint32(name: string): number {
    return this.take(4, name).readUInt32BE(0);
  }

  /** `string`: a length in 4 bytes, then so many bytes. */
  string(name: string): Buffer {
    return this.take(this.uint32(name), name);
  }

  /** A `string` that is a name: printable ASCII, at most 255 bytes, so it may stand in a message. */
  text(name: string): string {
    const bytes = this.string(name);
    if (bytes.length > MAX_TEXT_BYTES || bytes.some((byte) => byte < 0x20 || byte > 0x7e)) {
      this.fail(`has a ${name} that is not a short printable name`);
    }
    return bytes.toString('latin1');
  }

  /**
   * `mpint` above zero; returns the magnitude without the sign octet. RFC 4251 demands the shortest
   * form, so a needless leading zero is refused like a negative number.
   */
  positiveMpint(name: string): Buffer {
    const bytes = this.string(name);
    const first = bytes[0];
    if (first === undefined) this.fail(`has a ${name} of zero`);
    if (first >= 0x80) this.fail(`has a negative ${name}`);
    if (first !== 0) return bytes;
    if ((bytes[1] ?? 0) < 0x80) this.fail(`has a ${name} with needless leading zeros`);
    return bytes.subarray(1);
  }

  /** Nothing may be left. @throws the reader's code */
  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left !== 0) this.fail(`has ${left} bytes after its end`);
  }

  /** @throws the reader's code, with the structure's name before the text */
  fail(problem: string, hint?: string): never {
    throw new CountersignError(this.#code, `the ${this.#what} ${problem}`, hint === undefined ? {} : { hint });
  }
}
