import { askModule, type WorkerOptions } from '../supervisor/index.js';
import type { TokenConfig } from '../token-types.js';

const INIT_TIMEOUT_MS = 60_000;

export interface TokenToInit extends Pick<TokenConfig, 'module' | 'moduleEnvironment' | 'libraryParameters'> {
  /** 1 to 32 bytes. */
  readonly label: string;
  /** Absolute paths of files with the PINs, under the rules for every PIN file. */
  readonly soPinFile: string;
  readonly userPinFile: string;
}

/**
 * Initialises a token that never was one, as SoftHSM always has ready: for demos, tests and rehearsals. PINs come from
 * files, so they stand in no process list.
 *
 * @throws TOKEN_AMBIGUOUS if the label is taken, TOKEN_NOT_FOUND if there is no blank token, PIN_FILE_INVALID,
 *   MODULE_NOT_LOADED, INPUT_INVALID
 */
export async function initToken(
  { module, moduleEnvironment, libraryParameters, label, soPinFile, userPinFile }: TokenToInit,
  options: WorkerOptions,
): Promise<{ label: string; serial: string }> {
  const moduleOptions = { path: module, ...(libraryParameters === undefined ? {} : { libraryParameters }) };
  const task = { type: 'init-token' as const, module: moduleOptions, label, soPinFile, userPinFile };
  return askModule(moduleEnvironment, options, task, INIT_TIMEOUT_MS);
}
