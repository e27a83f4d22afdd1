import type { RootSummary, RootWarning } from './root-summary.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** A yearly renewal that is done a month early moves the expiry by no more. */
const LONGEST_STEP_DAYS = 400;

/** @param dropped pointer to a member of the root in force that the new root will not have, since fioctl does not know it */
export function findRootWarnings(summary: Omit<RootSummary, 'warnings'>, dropped: string | null): RootWarning[] {
  return [
    ...warnOfRootKeys(summary),
    ...warnOfThresholds(summary),
    ...warnOfExpiry(summary),
    ...warnOfOwners(summary),
    ...warnOfAdoption(summary),
    ...(dropped === null
      ? []
      : [
          {
            kind: 'members-dropped' as const,
            message: `the new root drops what fioctl does not know: ${JSON.stringify(dropped)}`,
          },
        ]),
  ];
}

function warnOfRootKeys({ signers }: Pick<RootSummary, 'signers'>): RootWarning[] {
  const { keyids, threshold } = signers.next;
  if (keyids.length === 1) {
    return [{ kind: 'single-root-key', message: 'root has a single key: who loses it loses the Factory' }];
  }
  if (threshold < keyids.length) return [];
  const message = `root needs all of its ${keyids.length} keys: who loses one of them loses the Factory`;
  return [{ kind: 'no-spare-root-key', message }];
}

function warnOfThresholds({ thresholds }: Pick<RootSummary, 'thresholds'>): RootWarning[] {
  return thresholds
    .filter(({ was, threshold }) => threshold < was)
    .map(({ role, was, threshold }) => ({
      kind: 'threshold-lowered',
      message: `${role} will need ${threshold} signatures where it needed ${was}`,
    }));
}

function warnOfExpiry({ expires, previousExpires }: Pick<RootSummary, 'expires' | 'previousExpires'>): RootWarning[] {
  const days = (Date.parse(expires) - Date.parse(previousExpires)) / DAY_MS;
  if (days < 0) return [{ kind: 'expiry-shortened', message: 'the new root expires before the one in force' }];
  if (days <= LONGEST_STEP_DAYS) return [];
  const message = `the new root expires ${Math.floor(days)} days later than the one in force`;
  return [{ kind: 'expiry-jump', message }];
}

function warnOfOwners({ keys }: Pick<RootSummary, 'keys'>): RootWarning[] {
  return keys.flatMap(({ online, role, new: key }) =>
    online || key === null || key.owner !== null
      ? []
      : [{ kind: 'key-without-owner', message: `nobody is named as the owner of a new key of ${role}` }],
  );
}

function warnOfAdoption({ documents }: Pick<RootSummary, 'documents'>): RootWarning[] {
  const count = documents.filter(({ adopted }) => adopted !== null).length;
  if (count === 0) return [];
  const message = `${count} of the documents to sign ${count === 1 ? 'was' : 'were'} never signed by an offline key in force; read all of it`;
  return [{ kind: 'documents-adopted', message }];
}
