import { statSync } from 'node:fs';
import { CountersignError } from '../../errors.js';
import { type Stick, verifyStick } from '../../factory/index.js';
import { parseOfflineBundle } from '../../tuf/index.js';
import { replaceFile } from '../replace-file.js';
import { readStick, type StickFolder } from './read-stick.js';

/**
 * Puts the signed bundle in the place of the one that was sent, whole or not at all, if the folder is still what was sent: what
 * the bundle's names stand for, the targets beside it say. Then reads it again as a device would.
 *
 * @param signed as the service answered it, which is not believed
 * @throws BUNDLE_CHANGED the folder is another one by now; THRESHOLD_NOT_MET, and what readStick and verifyStick throw
 */
export function writeBack(folder: string, sent: StickFolder, signed: Buffer, now: Date): void {
  const bundle = parseOfflineBundle(signed);
  if (bundle.sha256 !== sent.bundle.sha256) {
    throw new CountersignError('BUNDLE_CHANGED', 'the service answered with another bundle than the one that was sent');
  }
  const here = readStick(folder);
  requireSameFiles(sent, here);
  requireComplete({ ...here, bundle }, now);
  replaceFile(here.bundlePath, signed.toString('utf8'), statSync(here.bundlePath).mode & 0o777);
  requireComplete(readStick(folder), now);
}

/** Timestamp and snapshot may be newer ones: nobody approved them, and they are verified. */
function requireSameFiles(sent: StickFolder, here: StickFolder): void {
  const isSame =
    here.files.bundle.equals(sent.files.bundle) &&
    here.files.targets.equals(sent.files.targets) &&
    here.files.roots.length === sent.files.roots.length &&
    here.files.roots.every((root, index) => sent.files.roots[index]?.equals(root));
  if (isSame) return;
  throw new CountersignError('BUNDLE_CHANGED', `${here.folder} was changed meanwhile: nothing was written`, {
    hint: 'What it is now makes another bundle; have that one signed: countersign bundle sign.',
    details: { path: here.folder },
  });
}

/** @throws THRESHOLD_NOT_MET */
function requireComplete(stick: Stick, now: Date): void {
  const { missing, threshold } = verifyStick(stick, now).signatures;
  if (missing === 0) return;
  throw new CountersignError('THRESHOLD_NOT_MET', `the bundle lacks ${missing} of ${threshold} signatures`, {
    details: { missing, threshold },
  });
}
