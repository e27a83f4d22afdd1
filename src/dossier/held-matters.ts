import type { VerifiedRootMatter } from './verified-root-matter.js';

interface Held {
  readonly statementSha256: string;
  readonly matter: VerifiedRootMatter;
  readonly size: number;
}

/** What is known of a document beside its bytes. */
const FACTS_BYTES = 2048;

/**
 * What root updates that wait for approvals are about, as somebody holds it who has verified their whole dossiers: with one more approval
 * a dossier can come abridged then, without the targets that it builds on. Found by the digest of everything else that it follows from, the statement
 * with the digests of those targets among it. Bounded by bytes; the least recently held go first.
 */
export class HeldMatters {
  readonly #held = new Map<string, Held>();
  readonly #maxBytes: number;
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Nothing is held of an update that adopts documents: their values, which officers read, are many times their bytes. */
  hold(digest: string, statementSha256: string, matter: VerifiedRootMatter): void {
    const size = sizeOf(matter);
    const isAdopting = matter.summary.documents.some(({ adopted }) => adopted !== null);
    if (isAdopting || size > this.#maxBytes) return;
    this.#forget(digest);
    this.#held.set(digest, { statementSha256, matter, size });
    this.#size += size;
    // a map goes by the order in which its entries came
    for (const oldest of this.#held.keys()) {
      if (this.#size <= this.#maxBytes) break;
      this.#forget(oldest);
    }
  }

  find(digest: string): VerifiedRootMatter | undefined {
    return this.#held.get(digest)?.matter;
  }

  /** When nobody is going to ask for that statement any more. */
  release(statementSha256: string): void {
    for (const [digest, held] of this.#held) if (held.statementSha256 === statementSha256) this.#forget(digest);
  }

  #forget(digest: string): void {
    this.#size -= this.#held.get(digest)?.size ?? 0;
    this.#held.delete(digest);
  }
}

function sizeOf({ base, documents }: VerifiedRootMatter): number {
  return documents.reduce((sum, { bytes }) => sum + bytes.length, base.documents.length * FACTS_BYTES);
}
