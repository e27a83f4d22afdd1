import { createHash } from 'node:crypto';

type SizeOf = (texts: readonly (string | null)[]) => number;

/**
 * Results of a pure function, kept by the digest of everything that they follow from: what was verified once is not computed
 * again for the very same bytes. Errors are not kept. Bounded by the length of the texts unless another size is given, so that it
 * holds a few large dossiers or many small ones; the least recently used go first.
 */
export class Recall<T> {
  readonly #kept = new Map<string, { readonly result: T; readonly size: number }>();
  readonly #maxSize: number;
  readonly #sizeOf: SizeOf;
  #size = 0;

  /**
   * @param maxSize of all that is kept together: characters of the texts, unless `sizeOf` says otherwise
   * @param sizeOf how much a result counts by the texts it follows from
   */
  constructor(maxSize: number, sizeOf: SizeOf = lengthOf) {
    this.#maxSize = maxSize;
    this.#sizeOf = sizeOf;
  }

  /** @param texts all that `compute` looks at, in a fixed order; null for one that is not there */
  get(texts: readonly (string | null)[], compute: () => T): T {
    const digest = digestOf(texts);
    const known = this.#kept.get(digest);
    const entry = known ?? { result: compute(), size: this.#sizeOf(texts) };
    this.#forget(digest);
    this.#keep(digest, entry);
    return entry.result;
  }

  #keep(digest: string, entry: { readonly result: T; readonly size: number }): void {
    if (entry.size > this.#maxSize) return;
    this.#kept.set(digest, entry);
    this.#size += entry.size;
    // a map goes by the order in which its entries came
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= this.#maxSize) break;
      this.#forget(oldest);
    }
  }

  #forget(digest: string): void {
    this.#size -= this.#kept.get(digest)?.size ?? 0;
    this.#kept.delete(digest);
  }
}

/**
 * SHA-256 of a list of texts, base64.
 *
 * Lengths stand between the texts: no two lists of texts run together to the same bytes.
 */
export function digestOf(texts: readonly (string | null)[]): string {
  const hash = createHash('sha256');
  for (const text of texts) {
    hash.update(text === null ? '-;' : `${Buffer.byteLength(text)};`);
    if (text !== null) hash.update(text);
  }
  return hash.digest('base64');
}

function lengthOf(texts: readonly (string | null)[]): number {
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}
