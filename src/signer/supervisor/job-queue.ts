/** First in, first out; what comes back after a failed try goes to the front again. */
export class JobQueue<J> {
  readonly #jobs: J[] = [];
  readonly #takers = new Set<() => void>();

  get length(): number {
    return this.#jobs.length;
  }

  add(job: J): void {
    this.#jobs.push(job);
    this.#wakeOne();
  }

  putBack(job: J): void {
    this.#jobs.unshift(job);
    this.#wakeOne();
  }

  /** The next job, when there is one; null once `signal` aborts. */
  async take(signal: AbortSignal): Promise<J | null> {
    while (!signal.aborted) {
      const job = this.#jobs.shift();
      if (job !== undefined) return job;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#takers.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#takers.add(wake);
        signal.addEventListener('abort', wake);
      });
    }
    // it may have been woken for a job and for its own end at once
    if (this.#jobs.length > 0) this.#wakeOne();
    return null;
  }

  /** Whether the job was still waiting; it is not any more. */
  remove(job: J): boolean {
    const index = this.#jobs.indexOf(job);
    if (index >= 0) this.#jobs.splice(index, 1);
    return index >= 0;
  }

  waiting(): readonly J[] {
    return [...this.#jobs];
  }

  #wakeOne(): void {
    const [wake] = this.#takers;
    wake?.();
  }
}
