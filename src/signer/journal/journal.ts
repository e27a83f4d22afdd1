import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersignError } from '../../errors.js';
import { formatTime } from '../../tuf/index.js';
import type { Logger } from '../../telemetry/index.js';
import { type AppendHandle, AppendFile, syncDirectory, writeFailed } from './append-file.js';
import type { JournalBody, JournalEntry, JournalHead } from './entry.js';
import type { StateFold } from './fold.js';
import { sealEntry } from './line.js';
import { lockStateDir, type StateLock } from './lock.js';
import { type ExcerptLine, readExcerpt } from './read-excerpt.js';
import { readJournal } from './read-journal.js';
import type { SignerState } from './state.js';

/** The journal's file in the state directory. */
export const JOURNAL_FILE = 'journal.jsonl';

export interface JournalOptions {
  readonly stateDir: string;
  readonly logger: Logger;
  /** Runs when lines are written and not yet synced, with the type of the last of them. */
  readonly onWritten?: ((type: JournalBody['type']) => void | Promise<void>) | undefined;
  /** Runs when lines are on the disk, with their number and how long that took. */
  readonly onAppended?: ((lines: number, seconds: number) => void) | undefined;
  /** For tests: puts something between the journal and its file. */
  readonly wrapFile?: ((file: FileHandle) => AppendHandle) | undefined;
}

/** The signer's memory, opened for writing by this process alone. */
export class Journal {
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;
  #closing: Promise<void> | undefined;

  private constructor(
    private readonly fold: StateFold,
    private readonly file: AppendFile,
    private readonly lock: StateLock,
    private readonly options: JournalOptions,
  ) {}

  /**
   * Locks the state directory, reads the journal and cuts off a torn last line.
   *
   * @throws SIGNER_BUSY, SIGNER_NOT_INITIALISED, JOURNAL_DAMAGED with `details.line`, JOURNAL_WRITE_FAILED
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const lock = lockStateDir(options.stateDir);
    try {
      return await Journal.#openLocked(options, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  static async #openLocked(options: JournalOptions, lock: StateLock): Promise<Journal> {
    const path = join(options.stateDir, JOURNAL_FILE);
    const handle = await openFile(path);
    try {
      const { state, goodBytes, tornBytes } = await readJournal(handle);
      const file = options.wrapFile?.(handle) ?? handle;
      if (tornBytes > 0) {
        await cutTail(path, file, goodBytes);
        options.logger.warn('the last line of the journal was torn and is cut off', { path, goodBytes, tornBytes });
      }
      // The name may be from a process that died between creating the file and syncing the directory.
      await syncDirectory(options.stateDir);
      return new Journal(state, new AppendFile(path, file, goodBytes), lock, options);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The fold of all that is safely written. The same object for ever, so a reader must not keep parts of it over an await. */
  get state(): SignerState {
    return this.fold;
  }

  /** JOURNAL_WRITE_FAILED of the last append, as long as nothing is known to have changed since. */
  get failure(): CountersignError | null {
    return this.file.failure;
  }

  /** @throws JOURNAL_WRITE_FAILED if an append failed before and cannot be tried again: better to know it before a token signs */
  async requireWritable(): Promise<void> {
    await this.#inTurn(() => this.file.requireWhole());
  }

  /**
   * Writes entries, all in one piece, waits until they are on the disk and only then adds them to the state.
   * If the process dies within, none of them or some first of them are found at the next start.
   *
   * @param at the time to write; never earlier than the last entry's
   * @throws JOURNAL_WRITE_FAILED
   */
  append(at: Date, bodies: readonly JournalBody[]): Promise<JournalHead> {
    return this.#inTurn(() => this.#append(laterOf(formatTime(at), this.fold.head.at), bodies));
  }

  /**
   * Lets times begin anew at `at`, which may be before the last entry's.
   *
   * @throws JOURNAL_WRITE_FAILED
   */
  resetClock(at: Date): Promise<JournalHead> {
    return this.#inTurn(() => this.#append(formatTime(at), [{ type: 'clock', was: this.fold.head.at }]));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #append(time: string, bodies: readonly JournalBody[]): Promise<JournalHead> {
    if (this.#closed) throw new CountersignError('JOURNAL_WRITE_FAILED', 'the journal is closed');
    const entries: JournalEntry[] = [];
    let text = '';
    for (const body of bodies) {
      const { entry, line } = sealEntry(entries.at(-1) ?? this.fold.head, time, body);
      entries.push(entry);
      text += line;
    }
    const last = entries.at(-1);
    if (last === undefined) return this.fold.head;
    const startedMs = performance.now();
    await this.file.append(Buffer.from(text), () => this.options.onWritten?.(last.type));
    this.options.onAppended?.(entries.length, (performance.now() - startedMs) / 1000);
    try {
      for (const entry of entries) this.fold.apply(entry);
    } catch (cause) {
      // what was written is not what follows from the lines before: nothing may be built on it
      throw this.file.fail(cause);
    }
    return this.fold.head;
  }

  /**
   * Lines as they stand in the file, both ends included.
   *
   * @throws JOURNAL_DAMAGED, JOURNAL_WRITE_FAILED if the file cannot even be opened
   */
  async *excerpt(from: number, to: number): AsyncGenerator<ExcerptLine> {
    const path = join(this.options.stateDir, JOURNAL_FILE);
    const file = await open(path, constants.O_RDONLY).catch((cause: unknown) => {
      throw writeFailed(path, cause);
    });
    try {
      yield* readExcerpt(file, from, to);
    } finally {
      await file.close();
    }
  }

  /** Waits for appends under way, then gives the state directory free. */
  close(): Promise<void> {
    this.#closing ??= this.#inTurn(async () => {
      this.#closed = true;
      await this.file.close();
      this.lock.release();
    });
    return this.#closing;
  }
}

function laterOf(a: string, b: string): string {
  return a > b ? a : b;
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDWR | constants.O_APPEND);
  } catch (cause) {
    if (!isMissing(cause))
      throw writeFailed(path, cause, 'make it readable and writable for the user that runs the signer');
    throw new CountersignError('SIGNER_NOT_INITIALISED', `there is no journal at ${path}`, {
      hint: 'run `countersign signer init` first; if there was a journal before, find out where it went',
      details: { path },
      cause,
    });
  }
}

async function cutTail(path: string, file: AppendHandle, length: number): Promise<void> {
  try {
    await file.truncate(length);
    await file.sync();
  } catch (cause) {
    throw writeFailed(path, cause);
  }
}

function isMissing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
}
