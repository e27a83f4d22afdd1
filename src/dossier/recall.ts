import { createHash } from 'node:crypto';

/**
 * Results of a pure function, kept by the digest of everything that they follow from: what was verified once is not computed
 * again for the very same bytes. Errors are not kept. Bounded by the length of the texts, so that it holds a few large
 * dossiers or many small ones; the least recently used go first.
 */
export class Recall<T> {
  readonly #kept = new Map<string, { readonly result: T; readonly length: number }>();
  readonly #maxLength: number;
  #length = 0;

  /** @param maxLength characters, of all texts together */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** @param texts all that `compute` looks at, in a fixed order; null for one that is not there */
  get(texts: readonly (string | null)[], compute: () => T): T {
    const digest = digestOf(texts);
    const known = this.#kept.get(digest);
    const entry = known ?? { result: compute(), length: lengthOf(texts) };
    this.#forget(digest);
    this.#keep(digest, entry);
    return entry.result;
  }

  #keep(digest: string, entry: { readonly result: T; readonly length: number }): void {
    if (entry.length > this.#maxLength) return;
    this.#kept.set(digest, entry);
    this.#length += entry.length;
    // a map goes by the order in which its entries came
    for (const oldest of this.#kept.keys()) {
      if (this.#length <= this.#maxLength) break;
      this.#forget(oldest);
    }
  }

  #forget(digest: string): void {
    this.#length -= this.#kept.get(digest)?.length ?? 0;
    this.#kept.delete(digest);
  }
}

/** Lengths stand between the texts: no two lists of texts run together to the same bytes. */
function digestOf(texts: readonly (string | null)[]): string {
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
