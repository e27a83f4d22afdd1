import type fc from 'fast-check';

/** Something that reads bytes from outside, and what has to hold for each input. */
export interface FuzzTarget {
  readonly name: string;
  /** How many of a million inputs it gets: the dearer an input, the fewer. */
  readonly share: number;
  open(): OpenTarget | Promise<OpenTarget>;
}

export interface OpenTarget {
  /** Name to bytes: tried one by one before anything random. */
  readonly corpus: ReadonlyMap<string, Buffer>;
  readonly inputs: fc.Arbitrary<Buffer>;
  /** Throws when something does not hold. A refusal is no failure, as long as it is an honest one (`refusal.ts`). */
  readonly check: (input: Buffer) => void | Promise<void>;
  /** Looks at what all inputs together did, and lets everything go. */
  readonly close?: () => Promise<void>;
}
