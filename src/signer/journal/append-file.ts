import { type FileHandle, open, stat } from 'node:fs/promises';
import { CountersignError, isCountersignError } from '../../errors.js';

/** What the journal needs of its file. A test puts a full or a read-only disk in its place. */
export type AppendHandle = Pick<FileHandle, 'write' | 'sync' | 'truncate' | 'stat' | 'read' | 'close'>;

/** The disk did not take the bytes: no space, a quota, a limit, read-only. What it has of them can be cut off again. */
const NOT_TAKEN: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS'];
/** Room that there has to be before an append is tried again. Left behind by a crash, it is a torn line. */
const PROBE = Buffer.alloc(64 * 1024, ' ');

/**
 * A file that only grows, by whole pieces that are on the disk when `append` returns.
 *
 * When the disk did not take a piece, the file is cut back to the pieces that were taken before the next append, so writing goes on
 * by itself once there is room. After any other failure nobody knows what the disk has: a part of the piece, all of it, or all of it in
 * memory only. Then no further append is tried; opening the file again looks at what is really there.
 */
export class AppendFile {
  #failure: { readonly error: CountersignError; readonly isOver: boolean; readonly maxSize: number } | null = null;

  constructor(
    private readonly path: string,
    private readonly handle: AppendHandle,
    private size: number,
  ) {}

  /** The failure of the last append, unless it was mended since. */
  get failure(): CountersignError | null {
    return this.#failure?.error ?? null;
  }

  /** Makes sure that an append can be tried. @throws JOURNAL_WRITE_FAILED if one failed before and that cannot be mended now */
  async requireWhole(): Promise<void> {
    if (this.#failure === null) return;
    const { isOver, error, maxSize } = this.#failure;
    if (isOver) throw error;
    try {
      const size = await this.#requireSame();
      if (size < this.size || size > maxSize) throw new Error('the file was written by somebody else');
      await this.#cut();
      this.#failure = { isOver, error, maxSize: this.size + PROBE.length };
      await this.#writeAll(PROBE);
      await this.#cut();
    } catch (cause) {
      throw writeFailed(this.path, cause instanceof NotTaken ? cause.cause : cause, WHEN_NOT_TAKEN);
    }
    this.#failure = null;
  }

  /**
   * @param beforeSync runs between writing and fsync; if it throws, the append has failed
   * @throws JOURNAL_WRITE_FAILED
   */
  async append(bytes: Buffer, beforeSync: () => void | Promise<void> = () => undefined): Promise<void> {
    await this.requireWhole();
    try {
      await this.#checkUntouched();
      await this.#writeAll(bytes);
      await beforeSync();
      await this.handle.sync();
      this.size += bytes.length;
    } catch (cause) {
      if (!(cause instanceof NotTaken)) throw this.fail(cause);
      const error = writeFailed(this.path, cause.cause, WHEN_NOT_TAKEN);
      this.#failure = { error, isOver: false, maxSize: this.size + bytes.length };
      throw error;
    }
  }

  /** Ends all writing, as after an append that failed in a way that cannot be mended here. */
  fail(cause: unknown): CountersignError {
    const error = writeFailed(this.path, cause);
    this.#failure = { error, isOver: true, maxSize: this.size };
    return error;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  /** A journal that was moved away, replaced or written by others must not go on as if nothing had happened. */
  async #checkUntouched(): Promise<void> {
    const size = await this.#requireSame();
    if (size !== this.size) throw new Error(`the file has ${size} bytes instead of ${this.size}`);
  }

  /** @returns its size */
  async #requireSame(): Promise<number> {
    const [named, opened] = await Promise.all([stat(this.path), this.handle.stat()]);
    if (named.ino !== opened.ino || named.dev !== opened.dev) throw new Error('the file was replaced by another one');
    return opened.size;
  }

  async #cut(): Promise<void> {
    await this.handle.truncate(this.size);
    await this.handle.sync();
  }

  /** A nearly full disk takes a part of the bytes first and says so only at the next write. */
  async #writeAll(bytes: Buffer): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const { bytesWritten } = await this.handle.write(bytes, written, bytes.length - written, null).catch(notTaken);
      if (bytesWritten === 0) throw new Error('nothing was written');
      written += bytesWritten;
    }
  }
}

class NotTaken extends Error {}

function notTaken(cause: unknown): never {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  throw NOT_TAKEN.includes(code) ? new NotTaken('the disk did not take it', { cause }) : cause;
}

const WHEN_NOT_TAKEN =
  'nothing is signed until the disk takes it: make room, or make it writable; it is tried again by itself';
const WHEN_OVER = 'nothing is signed until the disk is well and the signer was restarted';

/** Makes the names in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export function writeFailed(path: string, cause: unknown, hint = WHEN_OVER): CountersignError {
  const why =
    typeof cause === 'object' && cause !== null && 'message' in cause ? String(cause.message) : 'unknown cause';
  return new CountersignError('JOURNAL_WRITE_FAILED', `the journal cannot be written: ${why}`, {
    hint,
    details: { path },
    cause: isCountersignError(cause) ? cause.cause : cause,
  });
}
