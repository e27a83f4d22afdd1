/** The payloads of one request, as they come. */
export class Inflow {
  readonly #payloads: Uint8Array[];
  #arrived: () => void = () => undefined;

  constructor(first: readonly Uint8Array[]) {
    this.#payloads = [...first];
  }

  push(payloads: readonly Uint8Array[]): void {
    this.#payloads.push(...payloads);
    this.#arrived();
  }

  /** Waits for so many. */
  async *take(count: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let taken = 0; taken < count;) {
      const payload = this.#payloads.shift();
      if (payload === undefined) await new Promise<void>((resolve) => (this.#arrived = resolve));
      else {
        taken += 1;
        yield payload;
      }
    }
  }
}
