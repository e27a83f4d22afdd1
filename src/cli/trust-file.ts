import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parsePins, serializePins, type Pins } from '../dossier/index.js';
import { CountersignError } from '../errors.js';
import type { CliContext } from './context.js';
import { explainTrust } from './officer/explain-trust.js';
import { readInputFile } from './read-input-file.js';
import { replaceFile } from './replace-file.js';
import { say } from './terminal/output.js';

/**
 * The verifier's own pins.
 *
 * @throws PINS_MISSING when the file is not there
 * @throws USAGE when it cannot be read
 */
export function loadPins(path: string): Pins {
  if (!existsSync(path)) {
    throw new CountersignError('PINS_MISSING', `nothing is trusted on this machine yet: ${path} does not exist`, {
      hint: 'compare the digests with your operator, then run `countersign trust POLICY_SHA256 --root ROOT_SHA256`',
      details: { path },
    });
  }
  return parsePins(readInputFile(path));
}

/** @throws USAGE when other trust is written there already and `replace` is not given */
export function writePins(path: string, pins: Pins, replace: boolean): void {
  const text = serializePins(pins);
  if (existsSync(path) && readFileSync(path, 'utf8') !== text && !replace) {
    throw new CountersignError('USAGE', `${path} trusts something else already`, {
      hint: 'look at it; if it shall really be replaced, add --replace',
      details: { path },
    });
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  replaceFile(path, text, 0o644);
}

/**
 * The pins, or, before PINS_MISSING goes up, an explanation of what the dossier would have its reader trust.
 *
 * @param dossier opens the dossier's lines
 * @throws PINS_MISSING
 */
export async function loadPinsOrExplain(
  context: CliContext,
  path: string,
  dossier: () => AsyncIterable<string>,
): Promise<Pins> {
  if (!existsSync(path)) say(context, await explainTrust(dossier()));
  return loadPins(path);
}
