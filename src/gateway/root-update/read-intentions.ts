import { CountersignError } from '../../errors.js';
import { diffRoot, type ProposedRoots, type RootBase, type RootChange } from '../../factory/index.js';
import type { RootIntention } from '../../signing/index.js';
import { keyFromSpkiDer, parseTime } from '../../tuf/index.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** fioctl moves the expiry a year on and no other way; a transaction may be some days old when it is signed again. */
const EXPIRES_TOLERANCE_DAYS = 31;

/**
 * What roots that were put are meant to change. Of a new key that fioctl has made only its keytype is taken: a standby key
 * of the tokens will stand in its place.
 *
 * @returns in one order for the same meaning; empty when nothing changes
 * @throws FORBIDDEN keys are added or deleted, or the expiry is moved otherwise than fioctl does
 * @throws as diffRoot: what no change can say
 */
export function readIntentions(base: RootBase, proposed: ProposedRoots, now: Date): RootIntention[] {
  const changes = diffRoot(base, proposed);
  const intentions = changes.flatMap((change) => intentionOf(change, base));
  const expires = changes.find((change) => change.op === 'set-expires')?.expires;
  if (expires === undefined) return intentions;
  requireYear(expires, now);
  // a root key that is rotated moves the expiry by itself
  const moves = intentions.some((intention) => intention.op === 'rotate-key' && intention.role === 'root');
  return moves ? intentions : [...intentions, { op: 'resign' }];
}

function intentionOf(change: RootChange, base: RootBase): RootIntention[] {
  switch (change.op) {
    case 'replace-key': {
      const { role, old, new: made } = change;
      const { keytype } = keyFromSpkiDer(Buffer.from(made.spkiBase64, 'base64'));
      return [{ op: 'rotate-key', role, old, keytype }];
    }
    case 'add-key':
      // rotate-offline-key adds the first targets key
      if (change.role === 'targets' && !hasOfflineTargetsKey(base)) return [{ op: 'take-ownership', role: 'targets' }];
      throw refusal('add-offline-key makes a key on your computer, which no device shall trust', `add-key --role ${change.role}`); // prettier-ignore
    case 'remove-key':
      throw refusal('offline keys are not deleted through the gateway', `remove-key ${change.old} --role ${change.role}`); // prettier-ignore
    case 'set-threshold':
      return [{ op: 'set-threshold', role: change.role, threshold: change.threshold }];
    case 'replace-online-key':
    case 'set-expires':
    case 'changelog':
    case 're-sign':
    case 'adopt':
      return [];
  }
}

function hasOfflineTargetsKey({ ci, onlineTargetsKeyid }: RootBase): boolean {
  return ci.roles['targets']?.keyids.some((keyid) => keyid !== onlineTargetsKeyid) === true;
}

function requireYear(expires: string, now: Date): void {
  const time = parseTime(expires)?.getTime() ?? 0;
  const year = new Date(now);
  year.setUTCFullYear(year.getUTCFullYear() + 1);
  if (Math.abs(time - year.getTime()) <= EXPIRES_TOLERANCE_DAYS * DAY_MS) return;
  throw refusal(`the gateway moves the expiry a year on, not to ${expires}`, `resign --expires-at ${expires}`);
}

function refusal(message: string, command: string): CountersignError {
  return new CountersignError('FORBIDDEN', message, { hint: `Use: countersign root ${command}` });
}
