import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CountersignError } from '../../errors.js';
import { errnoOf } from './errno.js';
import { isRunning, processStart } from './process-start.js';

/**
 * Logins in a row that may end without a word from the token about the PIN (killed, crashed, hung, a vague error)
 * before nobody tries again. Tokens that lock do so after three wrong PINs at the earliest, most tell in their flags
 * that the last try has come, and those flags are looked at first.
 */
const MAX_UNANSWERED = 3;

const POLL_MS = 50;

const triesSchema = z.strictObject({
  label: z.string(),
  serial: z.string(),
  /** This try and those right before it that nobody answered. */
  unanswered: z.int().min(1),
  pid: z.int(),
  /** When that process started, in the kernel's own count; tells a pid from its next owner. */
  processStart: z.string().nullable(),
  at: z.string(),
});
type Tries = z.output<typeof triesSchema>;

/**
 * What became of the tries to log in to one token, on disk, so that no process after any crash sends a PIN again that
 * the token refused. One file per token in `<stateDir>/pins`; what is known is in its *name*, because a file can be
 * renamed when the disk is full:
 * - none: the last login went well, or there never was one
 * - `….trying`: a login was begun and its answer is not known (yet)
 * - `….refused`, `….locked`: the token said no. Only `resetPin`, that is the operator, removes these.
 *
 * Nothing in it is derived from the PIN, so it is no help in guessing it; and because the files that systemd or a
 * configuration tool put in place look new at each start, a changed PIN file is not taken for the operator's word.
 */
export class PinRecord {
  readonly #directory: string;
  readonly #token: { readonly label: string; readonly serial: string };
  readonly #base: string;
  #before: Tries | null = null;

  constructor(stateDir: string, { label, serial }: { readonly label: string; readonly serial: string }) {
    this.#directory = pinsDirectory(stateDir);
    this.#token = { label, serial }; // a caller's token says more of itself than belongs on record
    this.#base = join(this.#directory, fileNameOf(this.#token));
  }

  /**
   * Writes down that a login is about to be tried; to be called right before it.
   *
   * @param waitMs how long another living process that is logging in to this token is waited for
   * @throws PIN_REFUSED, PIN_LOCKED if no login may be tried; TOKEN_UNAVAILABLE if the record cannot be written or
   *   another process does not come to an end with its login
   */
  begin(waitMs: number): void {
    this.#refuseIfAnswered();
    const before = this.#waitForOthers(performance.now() + waitMs);
    this.#refuseIfAnswered();
    const unanswered = (before?.unanswered ?? 0) + 1;
    if (unanswered > MAX_UNANSWERED) throw this.#unanswered(MAX_UNANSWERED);
    this.#before = before;
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      this.#write({
        ...this.#token,
        unanswered,
        pid: process.pid,
        processStart: processStart(process.pid),
        at: new Date().toISOString(),
      });
    } catch (cause) {
      throw this.#unwritable(cause);
    }
  }

  /** The token took the PIN: nothing is left to remember. */
  accept(): void {
    rmSync(this.#file('trying'), { force: true });
    syncDirectory(this.#directory);
  }

  /** The login failed before the token could look at the PIN: this try does not count, earlier ones still do. */
  withdraw(): void {
    if (this.#before === null) this.accept();
    else this.#write(this.#before);
  }

  /** The token refused the PIN, or has locked it. */
  refuse(as: 'refused' | 'locked'): void {
    renameSync(this.#file('trying'), this.#file(as));
    syncDirectory(this.#directory);
  }

  /**
   * The same for a token that says so without having been asked to log in, e.g. of a PIN that expired meanwhile.
   *
   * @throws TOKEN_UNAVAILABLE if the record cannot be written
   */
  refuseUnasked(as: 'refused' | 'locked'): void {
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      closeSync(openSync(this.#file(as), 'w', 0o600));
      syncDirectory(this.#directory);
    } catch (cause) {
      throw this.#unwritable(cause);
    }
  }

  #refuseIfAnswered(): void {
    const hint = `put the right PIN into its file, then run \`countersign signer pin-reset ${this.#token.label}\` and restart`;
    const details = { token: this.#token.label, serial: this.#token.serial, record: this.#directory };
    if (existsSync(this.#file('locked'))) {
      throw new CountersignError('PIN_LOCKED', `the token ${this.#token.label} has locked its PIN`, { hint, details });
    }
    if (existsSync(this.#file('refused'))) {
      const text = `the token ${this.#token.label} refused the PIN before; it is not tried again`;
      throw new CountersignError('PIN_REFUSED', text, { hint, details });
    }
  }

  /** The tries that nobody answered; while one of another living process is still open, its end is waited for. */
  #waitForOthers(deadlineMs: number): Tries | null {
    for (;;) {
      const tries = this.#read();
      if (tries === null || tries.pid === process.pid || !isRunning(tries.pid, tries.processStart)) return tries;
      if (performance.now() > deadlineMs) {
        throw new CountersignError('TOKEN_UNAVAILABLE', `process ${tries.pid} is logging in to this token`);
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
    }
  }

  #read(): Tries | null {
    let text: string;
    try {
      text = readFileSync(this.#file('trying'), 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw this.#unwritable(error);
    }
    try {
      return triesSchema.parse(JSON.parse(text));
    } catch {
      // unreadable is no excuse for one more try
      throw this.#unanswered(null);
    }
  }

  #unanswered(tries: number | null): CountersignError {
    const what =
      tries === null
        ? `the record of logins to the token ${this.#token.label} is damaged`
        : `the last ${tries} logins to the token ${this.#token.label} ended without an answer; whether it took the PIN is not known`;
    return new CountersignError('PIN_REFUSED', `${what}; no further one is tried`, {
      hint: `check the token and the PIN file, then run \`countersign signer pin-reset ${this.#token.label}\` and restart`,
      details: { token: this.#token.label, serial: this.#token.serial },
    });
  }

  #unwritable(cause: unknown): CountersignError {
    const text = `no login is tried without a record of it: ${errnoOf(cause) ?? 'unknown error'}`;
    return new CountersignError('TOKEN_UNAVAILABLE', text, {
      hint: `make ${this.#directory} readable and writable for the signer`,
      cause,
    });
  }

  #write(tries: Tries): void {
    const fresh = `${this.#base}.${process.pid}.new`;
    const fd = openSync(fresh, 'w', 0o600);
    try {
      writeSync(fd, `${JSON.stringify(tries)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, this.#file('trying'));
    syncDirectory(this.#directory);
  }

  #file(state: 'trying' | 'refused' | 'locked'): string {
    return `${this.#base}.${state}`;
  }
}

/**
 * The operator's word that the PIN of a token may be tried again: drops what is recorded about every token with that
 * label or serial. A running signer that has stopped the token starts it again when it is restarted.
 *
 * @returns what was recorded, e.g. `release (serial 1f2e): refused`; empty if there was nothing
 */
export function resetPin(stateDir: string, labelOrSerial: string): string[] {
  const directory = pinsDirectory(stateDir);
  let files: string[];
  try {
    files = readdirSync(directory);
  } catch {
    return [];
  }
  const dropped: string[] = [];
  for (const file of files) {
    const match = /^(.*)_([^_]*)\.(trying|refused|locked)$/.exec(file);
    if (match === null) continue;
    const [, label = '', serial = '', state = ''] = match;
    if (label !== safeName(labelOrSerial) && serial !== safeName(labelOrSerial)) continue;
    rmSync(join(directory, file), { force: true });
    dropped.push(`${label} (serial ${serial}): ${state}`);
  }
  if (dropped.length > 0) syncDirectory(directory);
  return dropped;
}

function pinsDirectory(stateDir: string): string {
  return join(stateDir, 'pins');
}

function fileNameOf(token: { readonly label: string; readonly serial: string }): string {
  return `${safeName(token.label)}_${safeName(token.serial)}`;
}

/** A label may hold anything; what is no plain letter, digit, dot or hyphen becomes its hex bytes. */
function safeName(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]/gu, (character) => `~${Buffer.from(character).toString('hex')}`);
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
