import { open, rm } from 'node:fs/promises';
import { CountersignError } from '../errors.js';

/**
 * Writes a file that is to be carried elsewhere: never over one that is there, and on the medium when this returns. What could not be
 * written whole is removed.
 *
 * @throws USAGE the file is there already, or cannot be written
 */
export async function writeNewFile(path: string, text: AsyncIterable<string> | string): Promise<void> {
  const file = await open(path, 'wx').catch((cause: unknown) => {
    throw new CountersignError('USAGE', `${path} cannot be written, or is there already`, {
      hint: 'give another --out',
      details: { path },
      cause,
    });
  });
  try {
    for await (const piece of typeof text === 'string' ? [text] : text) await file.appendFile(piece);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
