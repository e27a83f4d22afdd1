/** As much of tar-stream 2 as is used here; the package has no types of its own. */
declare module 'tar-stream' {
  import type { Readable, Writable } from 'node:stream';

  export interface EntryHeader {
    readonly name: string;
    /** Bytes; absent in what is no file. */
    readonly size?: number | null;
    readonly type?: string | null;
  }

  export interface Extract extends Writable {
    on(event: string, listener: (...values: never[]) => void): this;
    on(event: 'entry', listener: (header: EntryHeader, content: Readable, next: () => void) => void): this;
  }

  export function extract(): Extract;

  export interface Pack extends Readable {
    entry(header: EntryHeader & { readonly mode: number; readonly mtime: Date }, content: Buffer): void;
    finalize(): void;
  }

  export function pack(): Pack;
}
