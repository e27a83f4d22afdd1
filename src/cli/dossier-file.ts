import { open } from 'node:fs/promises';
import { readDossierLines } from '../dossier/index.js';
import { CountersignError } from '../errors.js';

/**
 * The lines of a dossier that was named on the command line. The file is opened when the first one is wanted, so that no error of a
 * stream comes up while nobody reads it.
 *
 * @throws USAGE it cannot be read
 * @throws what readDossierLines throws
 */
export async function* dossierFileLines(path: string): AsyncGenerator<string, void, undefined> {
  const file = await open(path).catch((cause: unknown) => {
    throw new CountersignError('USAGE', `${path} cannot be read`, { details: { path }, cause });
  });
  try {
    // A pipe will do: `verify <(countersign evidence ID)`.
    if ((await file.stat()).isDirectory()) {
      throw new CountersignError('USAGE', `${path} is a folder, not a dossier`, { details: { path } });
    }
    yield* readDossierLines(file.createReadStream({ autoClose: false }));
  } finally {
    await file.close();
  }
}
