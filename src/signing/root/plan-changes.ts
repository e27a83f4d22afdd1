import { CountersignError } from '../../errors.js';
import {
  chooseReSigned,
  diffRoot,
  planRootUpdate,
  writeRootChanges,
  type KeyOwner,
  type NewKey,
  type OfflineRole,
  type OnlineKeyids,
  type ProposedRoots,
  type RootChange,
} from '../../factory/index.js';
import { formatTime, keyidOf, publicKeyDer, type Root } from '../../tuf/index.js';
import type { SignerKey } from '../ports.js';
import { parseServedTargets, type FetchedRootBase } from './fetch-root-base.js';
import type { ParsedRootSubmission, RootIntention } from './root-submission.js';
import { offlineKeyids, type StandbyKeys } from './standby-keys.js';

type Changelog = Extract<RootChange, { op: 'changelog' }>;

export interface PlanInput {
  readonly submission: ParsedRootSubmission;
  readonly base: FetchedRootBase;
  readonly changelog: Changelog;
  /** What the Factory has staged by itself: its changelog, and online keys that it made for this update. */
  readonly staged: { readonly roots: ProposedRoots; readonly onlineKeys: OnlineKeyids } | null;
  readonly standby: StandbyKeys;
  /** Of all signers. */
  readonly signerKeys: readonly SignerKey[];
  readonly polisId: string;
  readonly now: Date;
  readonly maxExpiresDays: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The changes that a submission makes to the roots in force, written the one way that there is, with the documents that are
 * signed again.
 *
 * @throws INPUT_INVALID, STANDBY_KEY_MISSING, and what diffRoot, planRootUpdate and chooseReSigned throw
 */
export function planChanges(input: PlanInput): RootChange[] {
  const { submission, base } = input;
  const changes = submission.form === 'roots' ? proposedChanges(input, submission) : intendedChanges(input, submission);
  const adopts = submission.form === 'intentions' ? submission.adopt : [];
  return chooseReSigned(changes, base.root, parseServedTargets(base.served), {
    adopts: ({ tag, wave }) => adopts.some((one) => one.wave === wave && one.tag === tag),
    here: keysHere(input),
  });
}

/** Keys in force whose token is there now, as the root names them. */
function keysHere({ base, signerKeys }: PlanInput): string[] {
  const active = new Set(signerKeys.flatMap(({ state, public: key }) => (state === 'active' ? [keyidOf(key)] : [])));
  return Object.entries(base.root.ci.keys).flatMap(([keyid, key]) => (active.has(keyidOf(key)) ? [keyid] : []));
}

/** The changelog is the Factory's to write, whatever the proposed roots say there. */
function proposedChanges(
  { base, changelog, staged }: PlanInput,
  { ci, production }: { readonly ci: Root; readonly production: Root },
): RootChange[] {
  const { polisId, message, timestamp } = changelog;
  const told = (root: Root): Root => ({ ...root, 'x-changelog': { 'polis-id': polisId, message, timestamp } });
  return diffRoot(base.root, { ci: told(ci), production: told(production) }, staged?.onlineKeys ?? {});
}

function intendedChanges(
  input: PlanInput,
  { intentions }: { readonly intentions: readonly RootIntention[] },
): RootChange[] {
  const { base, changelog, staged } = input;
  const roles: Record<OfflineRole, RoleChange> = { root: { went: [], came: [] }, targets: { went: [], came: [] } };
  const thresholds: Partial<Record<OfflineRole, number>> = {};
  for (const intention of intentions) {
    if (intention.op === 'set-threshold') thresholds[intention.role] = intention.threshold;
    else if ('role' in intention) addKeyChange(input, roles[intention.role], intention);
  }
  const own = staged === null ? [] : diffRoot(base.root, staged.roots, staged.onlineKeys);
  const written = writeRootChanges({
    onlineKeys: own.filter((change) => change.op === 'replace-online-key'),
    keys: [...keyChanges(input, 'root', roles.root), ...keyChanges(input, 'targets', roles.targets)],
    rootThreshold: thresholds.root ?? null,
    productionThreshold: thresholds.targets ?? null,
    expires: newExpires(input, intentions),
    changelog,
    reSign: [],
    adopt: [],
  });
  // read back from the roots that they make: the way to write them that verifiers want, without what changes nothing
  const { ci, production } = planRootUpdate(written, base.root);
  return diffRoot(base.root, { ci, production }, staged?.onlineKeys ?? {});
}

interface RoleChange {
  readonly went: string[];
  readonly came: SignerKey[];
}

type KeyIntention = Extract<RootIntention, { role: OfflineRole }>;

function addKeyChange({ base, standby }: PlanInput, { went, came }: RoleChange, intention: KeyIntention): void {
  const { role } = intention;
  const held = offlineKeyids(base.root, role);
  switch (intention.op) {
    case 'take-ownership':
      if (role === 'root') {
        if (base.root.ci.version >= 3) throw owned(role);
        went.push(only(held, role));
      } else if (held.length > 0) throw owned(role);
      came.push(standby.take(role, {}));
      return;
    case 'rotate-key': {
      const old = intention.old ?? only(held, role);
      went.push(old);
      came.push(standby.take(role, { ...(intention.keytype === undefined ? {} : { keytype: intention.keytype }) }));
      return;
    }
    case 'add-key':
      came.push(standby.take(role, { ...(intention.token === undefined ? {} : { token: intention.token }) }));
      return;
    case 'remove-key':
      went.push(intention.keyid);
      return;
    case 'set-threshold':
      return;
  }
}

/** Who comes takes the place of who goes, in the order of the root in force. */
function keyChanges(input: PlanInput, role: OfflineRole, { went, came }: RoleChange) {
  const order = input.base.root.ci.roles[role]?.keyids ?? [];
  const going = [...went].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const owner: KeyOwner = { polisId: input.polisId, createdAt: formatTime(input.now) };
  return [
    ...going.map((old, index) => {
      const key = came[index];
      return key === undefined
        ? ({ op: 'remove-key', role, old } as const)
        : ({ op: 'replace-key', role, old, new: newKeyOf(key), owner } as const);
    }),
    ...came.slice(going.length).map((key) => ({ op: 'add-key', role, new: newKeyOf(key), owner }) as const),
  ];
}

function newKeyOf({ keyid, public: key }: SignerKey): NewKey {
  return { keyid, spkiBase64: publicKeyDer(key).toString('base64') };
}

/** A year from now when the root role changes, as fioctl does, or less where the policy allows less. */
function newExpires({ now, maxExpiresDays }: PlanInput, intentions: readonly RootIntention[]): string | null {
  const given = intentions.find((intention) => intention.op === 'resign')?.expires;
  if (given !== undefined) return given;
  const moves = intentions.some(
    ({ op, ...more }) =>
      op === 'resign' || ('role' in more && more.role === 'root' && op !== 'set-threshold' && op !== 'remove-key'),
  );
  if (!moves) return null;
  const year = new Date(now);
  year.setUTCFullYear(year.getUTCFullYear() + 1);
  return formatTime(new Date(Math.min(year.getTime(), now.getTime() + maxExpiresDays * DAY_MS)));
}

function only(keyids: readonly string[], role: OfflineRole): string {
  const [keyid, ...others] = keyids;
  if (keyid !== undefined && others.length === 0) return keyid;
  const message = keyid === undefined ? `the role ${role} has no offline key` : `the role ${role} has several keys`;
  throw new CountersignError('INPUT_INVALID', message, {
    pointer: '/intentions',
    hint: keyid === undefined ? 'Take ownership of it first.' : 'Say which one: old.',
    details: { role, keyids },
  });
}

function owned(role: OfflineRole): CountersignError {
  return new CountersignError('INPUT_INVALID', `the role ${role} has an owner already`, {
    pointer: '/intentions',
    hint: 'Use rotate-key or add-key.',
    details: { role },
  });
}
