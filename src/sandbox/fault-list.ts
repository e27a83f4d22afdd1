import type { Fault } from './fault.js';
import type { OnlineKey } from './online-keys.js';
import type { SandboxState } from './state.js';

/** A fault that is in place, and what there was when it was put there. */
export interface SetFault {
  readonly fault: Fault;
  readonly state: SandboxState;
  /** A key that is not the Factory's, for lies. */
  readonly foreignKey: OnlineKey;
}

interface Entry extends SetFault {
  skip: number;
  left: number;
}

/** The faults of one sandbox. They live in memory only: a restart is without them. */
export class FaultList {
  readonly #factory: string;
  #entries: Entry[] = [];

  constructor(factory: string) {
    this.#factory = factory;
  }

  add(faults: readonly SetFault[]): void {
    this.#entries.push(...faults.map((set) => ({ ...set, skip: set.fault.skip, left: set.fault.count })));
  }

  clear(): void {
    this.#entries = [];
  }

  /** With what is left of `skip` and `count`. */
  list(): Fault[] {
    return this.#entries.map(({ fault, skip, left }) => ({ ...fault, skip, count: left }));
  }

  /** Those that happen to this call, in the order in which they were set; each is used up by one. */
  take(method: string, url: string): SetFault[] {
    const path = this.#pathOf(url);
    const due = this.#entries.filter(({ fault }) => fault.method === method && matches(fault.path, path));
    const happening = due.filter((entry) => {
      if (entry.skip === 0) return true;
      entry.skip -= 1;
      return false;
    });
    for (const entry of happening) entry.left -= 1;
    this.#entries = this.#entries.filter(({ left }) => left > 0);
    return happening;
  }

  #pathOf(url: string): string {
    const prefixes = [`/ota/repo/${this.#factory}/api/v1/user_repo`, `/ota/factories/${this.#factory}`];
    const prefix = prefixes.find((candidate) => url.startsWith(`${candidate}/`));
    return prefix === undefined ? url : url.slice(prefix.length);
  }
}

/** `*` stands for any characters, everything else for itself. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - at >= last.length && text.endsWith(last);
}
