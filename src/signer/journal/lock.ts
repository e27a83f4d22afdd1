import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { CountersignError } from '../../errors.js';

/** Exit status of flock(1) when somebody else holds the lock. */
const HELD_BY_OTHERS = 1;

export interface StateLock {
  /** Gives the directory free. Again does nothing. */
  release(): void;
}

/**
 * Makes this process the only signer on a state directory.
 *
 * The lock is the kernel's own (flock(2) on the directory): it ends with the process however that ends, so there is no stale lock to
 * judge and no race in judging it, as there is with files that hold a process id. Node cannot take it, util-linux can: flock(1) locks
 * the open file that it inherits, and that file stays open, and so locked, here. It is the directory because a lock file could be deleted
 * under a running signer and then be locked a second time.
 *
 * @throws SIGNER_BUSY another signer runs on this directory
 * @throws SIGNER_NOT_INITIALISED there is no such directory
 * @throws CONFIG_INVALID flock(1) is missing, or the file system cannot lock
 */
export function lockStateDir(stateDir: string): StateLock {
  const directory = openDirectory(stateDir);
  const result = spawnSync('flock', ['-x', '-n', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', directory],
    encoding: 'utf8',
  });
  if (result.status === 0) return heldBy(directory);
  closeSync(directory);
  if (result.status === HELD_BY_OTHERS) {
    throw new CountersignError('SIGNER_BUSY', `another signer is running on ${stateDir}`, {
      hint: 'stop it first; two signers on one journal would sign against each other',
      details: { path: stateDir },
    });
  }
  throw new CountersignError('CONFIG_INVALID', `the state directory ${stateDir} cannot be locked: ${reason(result)}`, {
    hint: 'the signer needs flock from util-linux and a local file system',
    cause: result.error,
    details: { path: stateDir },
  });
}

/** A number closed twice may meanwhile be somebody else's file. */
function heldBy(directory: number): StateLock {
  let held = true;
  return {
    release() {
      if (held) closeSync(directory);
      held = false;
    },
  };
}

function openDirectory(stateDir: string): number {
  try {
    return openSync(stateDir, 'r');
  } catch (cause) {
    throw new CountersignError('SIGNER_NOT_INITIALISED', `the state directory ${stateDir} cannot be opened`, {
      hint: 'run `countersign signer init` first, as the user that runs the signer',
      cause,
      details: { path: stateDir },
    });
  }
}

function reason(result: { readonly error?: Error; readonly stderr: string | null }): string {
  if (result.error !== undefined) return result.error.message;
  return result.stderr?.trim() ?? 'flock gave no reason';
}
