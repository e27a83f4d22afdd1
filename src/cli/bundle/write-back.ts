import { readFileSync, statSync } from 'node:fs';
import { CountersignError } from '../../errors.js';
import { verifyStick } from '../../factory/index.js';
import { parseOfflineBundle } from '../../tuf/index.js';
import { replaceFile } from '../replace-file.js';
import { readStick, type StickFolder } from './read-stick.js';

/**
 * Puts the signed bundle in the place of the one that was sent, whole or not at all, and reads the folder again as a device
 * would.
 *
 * @param signed as the service answered it, which is not believed
 * @throws BUNDLE_CHANGED the folder's bundle is another one by now; THRESHOLD_NOT_MET, and what verifyStick throws
 */
export function writeBack(folder: string, sent: StickFolder, signed: Buffer, now: Date): void {
  const bundle = parseOfflineBundle(signed);
  if (bundle.sha256 !== sent.bundle.sha256) {
    throw new CountersignError('BUNDLE_CHANGED', 'the service answered with another bundle than the one that was sent');
  }
  requireComplete({ ...sent, bundle }, now);
  if (!readFileSync(sent.bundlePath).equals(sent.files.bundle)) {
    throw new CountersignError('BUNDLE_CHANGED', `${sent.bundlePath} was changed meanwhile: nothing was written`, {
      hint: 'A Target that was added makes another bundle; have that one signed: countersign bundle sign.',
      details: { path: sent.bundlePath },
    });
  }
  replaceFile(sent.bundlePath, signed.toString('utf8'), statSync(sent.bundlePath).mode & 0o777);
  requireComplete(readStick(folder), now);
}

/** @throws THRESHOLD_NOT_MET */
function requireComplete(stick: Pick<StickFolder, 'roots' | 'targets' | 'bundle'>, now: Date): void {
  const { missing, threshold } = verifyStick(stick, now).signatures;
  if (missing === 0) return;
  throw new CountersignError('THRESHOLD_NOT_MET', `the bundle lacks ${missing} of ${threshold} signatures`, {
    details: { missing, threshold },
  });
}
