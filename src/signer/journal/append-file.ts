import { type FileHandle, open, stat } from 'node:fs/promises';
import { CountersignError, isCountersignError } from '../../errors.js';

/** What the journal needs of its file. A test puts a full or a read-only disk in its place. */
export type AppendHandle = Pick<FileHandle, 'write' | 'sync' | 'truncate' | 'stat' | 'read' | 'close'>;

/**
 * A file that only grows, by whole pieces that are on the disk when `append` returns.
 *
 * After an append that failed nobody knows what the file's end looks like: a part of the piece, all of it, or all of it
 * in memory only. So no further append is tried; opening the file again looks at what is really there.
 */
export class AppendFile {
  #failure: CountersignError | null = null;

  constructor(
    private readonly path: string,
    private readonly handle: AppendHandle,
    private size: number,
  ) {}

  get failed(): boolean {
    return this.#failure !== null;
  }

  /** @throws JOURNAL_WRITE_FAILED if an append failed before */
  requireWhole(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /**
   * @param beforeSync runs between writing and fsync; if it throws, the append has failed
   * @throws JOURNAL_WRITE_FAILED now and at every later call
   */
  async append(bytes: Buffer, beforeSync: () => void | Promise<void> = () => undefined): Promise<void> {
    this.requireWhole();
    try {
      await this.#checkUntouched();
      await this.#writeAll(bytes);
      await beforeSync();
      await this.handle.sync();
      this.size += bytes.length;
    } catch (cause) {
      throw this.fail(cause);
    }
  }

  /** Ends all writing, as after an append that failed. */
  fail(cause: unknown): CountersignError {
    this.#failure = writeFailed(this.path, cause);
    return this.#failure;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  /** A journal that was moved away, replaced or written by others must not go on as if nothing had happened. */
  async #checkUntouched(): Promise<void> {
    const [named, opened] = await Promise.all([stat(this.path), this.handle.stat()]);
    if (named.ino !== opened.ino || named.dev !== opened.dev) throw new Error('the file was replaced by another one');
    if (opened.size !== this.size) throw new Error(`the file has ${opened.size} bytes instead of ${this.size}`);
  }

  /** A nearly full disk takes a part of the bytes first and says so only at the next write. */
  async #writeAll(bytes: Buffer): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const { bytesWritten } = await this.handle.write(bytes, written, bytes.length - written, null);
      if (bytesWritten === 0) throw new Error('nothing was written');
      written += bytesWritten;
    }
  }
}

/** Makes the names in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export function writeFailed(path: string, cause: unknown): CountersignError {
  const why =
    typeof cause === 'object' && cause !== null && 'message' in cause ? String(cause.message) : 'unknown cause';
  return new CountersignError('JOURNAL_WRITE_FAILED', `the journal cannot be written: ${why}`, {
    hint: 'nothing is signed until the disk is well and the signer was restarted',
    details: { path },
    cause: isCountersignError(cause) ? cause.cause : cause,
  });
}
