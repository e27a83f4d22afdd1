import { encodeCanonical, parseRoot, type Root, type RootMetadata } from '../../src/tuf/index.js';

/**
 * What is one thing under two names, in a recording and in the sandbox: the server's own keys, people, transactions, times. It
 * is learnt from answers to the same question.
 */
export class Translation {
  readonly #names = new Map<string, string>();

  /** One text of the recording is another one here. */
  learn(recorded: unknown, here: unknown): void {
    if (typeof recorded !== 'string' || typeof here !== 'string' || recorded === '' || recorded === here) return;
    this.#names.set(inJson(recorded), inJson(here));
  }

  /** Keys stand in the same places of the same roles. */
  learnRoot(recorded: Root, here: Root): void {
    for (const [role, { keyids }] of Object.entries(recorded.roles)) {
      keyids.forEach((keyid, at) => {
        const other = here.roles[role]?.keyids[at] ?? '';
        this.learn(keyid, other);
        this.learn(recorded.keys[keyid]?.keyval.public, here.keys[other]?.keyval.public);
      });
    }
    for (const member of ['polis-id', 'timestamp']) {
      this.learn(recorded['x-changelog']?.[member], here['x-changelog']?.[member]);
    }
  }

  /** The value with every name as it is here. Members keep their order. */
  translate(recorded: unknown): unknown {
    if (this.#names.size === 0 || recorded === undefined) return recorded;
    const names = [...this.#names.keys()].map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const text = JSON.stringify(recorded).replace(
      new RegExp(names.join('|'), 'g'),
      (name) => this.#names.get(name) ?? name,
    );
    return JSON.parse(text);
  }
}

export function rootOf(value: unknown): RootMetadata {
  return parseRoot(typeof value === 'string' ? Buffer.from(value) : encodeCanonical(value));
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
