import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersignError } from '../errors.js';
import { stateSchema, type SandboxState } from './state.js';

/** Holds the state; changes happen one after the other and are on disk before anyone sees them. */
export interface StateStore {
  read(): SandboxState;
  /**
   * Applies `change` to the state as it is when its turn comes. If it throws, nothing changed.
   */
  update<T>(change: (state: SandboxState) => { state: SandboxState; result: T }): Promise<T>;
}

const STATE_FILE = 'state.json';

/**
 * The state in `dir`, or that of `fresh` where there is none yet; without a directory it lives in memory.
 *
 * @throws CONFIG_INVALID when the directory holds something else, or another Factory
 */
export async function openStateStore(
  dir: string | undefined,
  factory: string,
  fresh: () => Promise<SandboxState>,
): Promise<StateStore> {
  let current = dir === undefined ? null : await readState(dir, factory);
  if (current === null) {
    current = await fresh();
    await persist(dir, current);
  }
  let state = current;
  let last: Promise<unknown> = Promise.resolve();
  return {
    read: () => state,
    update: (change) => {
      const turn = last.then(async () => {
        const { state: next, result } = change(state);
        if (next !== state) await persist(dir, next);
        state = next;
        return result;
      });
      last = turn.catch(() => undefined); // whoever asked gets the error; the next one gets their turn
      return turn;
    },
  };
}

/** Replaces `path` in one step and only readable to its owner: it holds private keys or tokens. */
export async function replaceFile(dir: string, name: string, text: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const temporary = join(dir, `.${name}.tmp`);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(dir, name));
}

/** The text of a file of the state directory, or null if it is not there. */
export async function readStateFile(dir: string, name: string): Promise<string | null> {
  try {
    return await readFile(join(dir, name), 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return null;
    throw new CountersignError('CONFIG_INVALID', `the sandbox's ${name} cannot be read`, { cause: error });
  }
}

async function persist(dir: string | undefined, state: SandboxState): Promise<void> {
  if (dir !== undefined) await replaceFile(dir, STATE_FILE, JSON.stringify(state));
}

async function readState(dir: string, factory: string): Promise<SandboxState | null> {
  const text = await readStateFile(dir, STATE_FILE);
  if (text === null) return null;
  const state = parseState(text);
  if (state === null) {
    throw new CountersignError('CONFIG_INVALID', `${join(dir, STATE_FILE)} is not the state of a sandbox`, {
      hint: 'Give the sandbox a directory of its own, or remove this one to start afresh.',
    });
  }
  if (state.factory !== factory) {
    throw new CountersignError('CONFIG_INVALID', `${dir} holds the Factory ${state.factory}, not ${factory}`);
  }
  return state;
}

function parseState(text: string): SandboxState | null {
  try {
    return stateSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
