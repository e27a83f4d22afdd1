import { CountersignError } from '../errors.js';
import type { Repository } from '../factory/index.js';
import { parseDossierLine, type DossierLine, type JournalLine } from './dossier-line.js';
import type { DossierLimits } from './limits.js';
import { tooLarge } from './read-dossier-lines.js';

/** How many lines of a type are read: each costs a parse, a signature check or a look-up among all officers. */
const MAX_LINES_OF_TYPE: Partial<Record<DossierLine['type'], number>> = {
  approval: 200,
  rejection: 200,
};
const MAX_LINES_OF_OTHER_TYPES = 10_000;
type LineOf<T extends DossierLine['type']> = Extract<DossierLine, { type: T }>;
type TargetsLineOf<R extends Repository> = Extract<DossierLine, { type: 'targets'; repository: R }>;

/**
 * Reads a dossier line by line in its one order: whoever takes lines says which comes next, and a line
 * of any other type is refused where it stands. Looks one line ahead and keeps none.
 */
export class DossierReader {
  readonly #lines: AsyncIterator<string> | Iterator<string>;
  readonly #limits: DossierLimits;
  #ahead: DossierLine | null = null;
  #lineNumber = 0;
  #totalLength = 0;
  #ended = false;

  constructor(lines: AsyncIterable<string> | Iterable<string>, limits: DossierLimits) {
    this.#lines = Symbol.asyncIterator in lines ? lines[Symbol.asyncIterator]() : lines[Symbol.iterator]();
    this.#limits = limits;
  }

  /** @throws DOSSIER_INVALID the next line is another one, or there is none */
  async one<T extends DossierLine['type']>(type: T): Promise<LineOf<T>> {
    const line = await this.#take(type);
    if (line === null) throw await this.#unexpected(`a line of type ${type}`);
    return line;
  }

  /** The next line if it is of that type, else null. */
  async maybe<T extends DossierLine['type']>(type: T): Promise<LineOf<T> | null> {
    return this.#take(type);
  }

  /** All lines of that type that follow. @throws DOSSIER_INVALID there are more than `max` */
  async *all<T extends DossierLine['type']>(
    type: T,
    max: number = MAX_LINES_OF_TYPE[type] ?? MAX_LINES_OF_OTHER_TYPES,
  ): AsyncGenerator<LineOf<T>, void, undefined> {
    for (let count = 1; ; count += 1) {
      const line = await this.#take(type);
      if (line === null) return;
      if (count > max) throw this.invalid(`there are more than ${max} lines of type ${type}`);
      yield line;
    }
  }

  /**
   * All lines of the signer's journal that follow, of both types.
   *
   * @param maxEntries lines with hashes alone are short and cheap, and not counted
   */
  async journal(maxEntries: number): Promise<JournalLine[]> {
    const lines: JournalLine[] = [];
    let entries = 0;
    for (;;) {
      const line = (await this.#take('journal')) ?? (await this.#take('journal-hash'));
      if (line === null) return lines;
      if (line.type === 'journal') entries += 1;
      if (entries > maxEntries) throw this.invalid(`there are more than ${maxEntries} journal entries`);
      lines.push(line);
    }
  }

  /** The next line if it is a root of that repository, else null. */
  async maybeRoot(repository: Repository): Promise<LineOf<'root'> | null> {
    const next = await this.#peek();
    return next?.type === 'root' && next.repository === repository ? this.#take('root') : null;
  }

  /** The next line if it is targets of that repository, else null. */
  async maybeTargets<R extends Repository>(repository: R): Promise<TargetsLineOf<R> | null> {
    const next = await this.#peek();
    if (next === null || !isTargetsOf(next, repository)) return null;
    this.#ahead = null;
    return next;
  }

  /** @throws DOSSIER_INVALID the next line is another one, or there is none */
  async oneTargets<R extends Repository>(repository: R): Promise<TargetsLineOf<R>> {
    const line = await this.maybeTargets(repository);
    if (line === null) throw await this.#unexpected(`the ${repository} targets`);
    return line;
  }

  /** @throws DOSSIER_INVALID there is more */
  async end(): Promise<void> {
    if ((await this.#peek()) !== null) throw await this.#unexpected('its end');
  }

  /** Lets the source go, whatever became of the reading. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#lines.return?.();
    this.#ended = true;
  }

  async #take<T extends DossierLine['type']>(type: T): Promise<LineOf<T> | null> {
    const next = await this.#peek();
    if (next === null || !isLineOf(next, type)) return null;
    this.#ahead = null;
    return next;
  }

  async #peek(): Promise<DossierLine | null> {
    if (this.#ahead !== null || this.#ended) return this.#ahead;
    const next: IteratorResult<string, unknown> = await this.#lines.next();
    if (next.done === true) {
      this.#ended = true;
      return null;
    }
    const { value } = next;
    this.#lineNumber += 1;
    this.#totalLength += value.length;
    const { maxLineLength, maxTotalLength, maxLines } = this.#limits;
    if (value.length > maxLineLength) throw tooLarge('a line of the dossier', maxLineLength);
    if (this.#totalLength > maxTotalLength) throw tooLarge('the dossier', maxTotalLength);
    if (this.#lineNumber > maxLines) throw this.invalid(`there are more than ${maxLines} lines`);
    this.#ahead = parseDossierLine(value, this.#lineNumber);
    return this.#ahead;
  }

  async #unexpected(wanted: string): Promise<CountersignError> {
    const next = await this.#peek();
    return this.invalid(
      next === null
        ? `the dossier ends where ${wanted} has to come`
        : `${wanted} has to come, not one of type ${next.type}`,
    );
  }

  /** An error about the line read last. */
  invalid(why: string): CountersignError {
    return new CountersignError('DOSSIER_INVALID', `line ${this.#lineNumber} of the dossier: ${why}`, {
      details: { line: this.#lineNumber },
    });
  }
}

function isLineOf<T extends DossierLine['type']>(line: DossierLine, type: T): line is LineOf<T> {
  return line.type === type;
}

function isTargetsOf<R extends Repository>(line: DossierLine, repository: R): line is TargetsLineOf<R> {
  return line.type === 'targets' && line.repository === repository;
}
