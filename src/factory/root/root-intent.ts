import { CountersignError } from '../../errors.js';
import { jsonPointer } from '../json-pointer.js';
import { rootChangeSchema, type RootChange, type RootChangeOf } from './root-change.js';

export type KeyChange = RootChangeOf<'replace-key' | 'remove-key' | 'add-key'>;

/** The changes of one root update, taken apart. */
export interface RootIntent {
  readonly onlineKeys: readonly RootChangeOf<'replace-online-key'>[];
  readonly keys: readonly KeyChange[];
  readonly rootThreshold: number | null;
  readonly productionThreshold: number | null;
  readonly expires: string | null;
  readonly changelog: RootChangeOf<'changelog'>;
  readonly reSign: readonly RootChangeOf<'re-sign'>[];
  readonly adopt: readonly RootChangeOf<'adopt'>[];
}

/** The order of changes in a statement, and for each what it must not have in common with another one. */
const ORDER: readonly RootChange['op'][] = [
  'replace-online-key',
  'replace-key',
  'remove-key',
  'add-key',
  'set-threshold',
  'set-expires',
  'changelog',
  're-sign',
  'adopt',
];
const ROLE_ORDER: readonly string[] = ['root', 'targets', 'snapshot', 'timestamp'];

/**
 * Takes the changes of a root update apart. There is one way to write them: by `op` in the order of the type's list, then by
 * role (root, targets, snapshot, timestamp); a role's keys in the order in which the old ones stand and the new ones are
 * to stand; thresholds, expiry and changelog once; lists of documents ascending.
 *
 * @throws INPUT_INVALID a change is malformed, stands in the wrong place or twice (`/changes/N`)
 * @throws ROOT_EXPIRES_INVALID the time of `set-expires` is none
 * @throws ROOT_CHANGELOG_MISSING
 */
export function readRootChanges(changes: readonly RootChange[]): RootIntent {
  const parsed = changes.map((change, index) => parseChange(change, index));
  parsed.forEach((change, index) => {
    const before = parsed[index - 1];
    if (before !== undefined) requireOrder(before, change, index);
  });
  requireNotSplit(parsed);
  const [changelog] = ofOp(parsed, 'changelog');
  if (changelog === undefined) {
    throw new CountersignError('ROOT_CHANGELOG_MISSING', 'a root update has a changelog', { pointer: '/changes' });
  }
  const thresholds = ofOp(parsed, 'set-threshold');
  return {
    onlineKeys: ofOp(parsed, 'replace-online-key'),
    keys: parsed.filter(
      (change): change is KeyChange =>
        change.op === 'replace-key' || change.op === 'remove-key' || change.op === 'add-key',
    ),
    rootThreshold: thresholds.find(({ role }) => role === 'root')?.threshold ?? null,
    productionThreshold: thresholds.find(({ role }) => role === 'targets')?.threshold ?? null,
    expires: ofOp(parsed, 'set-expires')[0]?.expires ?? null,
    changelog,
    reSign: ofOp(parsed, 're-sign'),
    adopt: ofOp(parsed, 'adopt'),
  };
}

/** The inverse of readRootChanges. */
export function writeRootChanges(intent: RootIntent): RootChange[] {
  const { rootThreshold, productionThreshold, expires } = intent;
  const changes: RootChange[] = [...intent.onlineKeys, ...intent.keys];
  if (rootThreshold !== null) {
    changes.push({ op: 'set-threshold', role: 'root', repository: 'both', threshold: rootThreshold });
  }
  if (productionThreshold !== null) {
    changes.push({ op: 'set-threshold', role: 'targets', repository: 'production', threshold: productionThreshold });
  }
  if (expires !== null) changes.push({ op: 'set-expires', expires });
  changes.push(intent.changelog, ...intent.reSign, ...intent.adopt);
  // sort() is stable: within op and role the order is the intent's own
  return changes.sort((left, right) => compare(rankOf(left), rankOf(right)));
}

function ofOp<Op extends RootChange['op']>(changes: readonly RootChange[], op: Op): RootChangeOf<Op>[] {
  return changes.filter((change): change is RootChangeOf<Op> => change.op === op);
}

/** Op, then role, then what a document's name is: comparable part by part. */
function rankOf(change: RootChange): readonly [number, number, string] {
  const op = ORDER.indexOf(change.op);
  if (change.op === 're-sign') return [op, 0, change.sign.join(' ')];
  if (change.op === 'adopt') return [op, change.wave === null ? 0 : 1, change.wave ?? change.tag];
  return [op, 'role' in change ? ROLE_ORDER.indexOf(change.role) : 0, ''];
}

function compare(left: readonly [number, number, string], right: readonly [number, number, string]): number {
  return left[0] - right[0] || left[1] - right[1] || (left[2] < right[2] ? -1 : left[2] > right[2] ? 1 : 0);
}

/** Keys of a role may be replaced, removed and added one after the other; everything else stands once. */
const REPEATABLE: ReadonlySet<RootChange['op']> = new Set(['replace-key', 'remove-key', 'add-key']);

function requireOrder(before: RootChange, change: RootChange, index: number): void {
  const order = compare(rankOf(before), rankOf(change));
  if (order < 0 || (order === 0 && REPEATABLE.has(change.op))) return;
  throw misplaced(
    index,
    order === 0 ? `${change.op} stands here for the second time` : `${change.op} stands before ${before.op}`,
  );
}

function requireNotSplit(changes: readonly RootChange[]): void {
  const removed = new Set(ofOp(changes, 'remove-key').map(({ role }) => role));
  const index = changes.findIndex((change) => change.op === 'add-key' && removed.has(change.role));
  if (index !== -1) throw misplaced(index, 'a key that takes the place of another one is written as replace-key');
}

function parseChange(change: RootChange, index: number): RootChange {
  const result = rootChangeSchema.safeParse(change);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = (issue?.path ?? []).map((part) => String(part));
  const code = change.op === 'set-expires' && path[0] === 'expires' ? 'ROOT_EXPIRES_INVALID' : 'INPUT_INVALID';
  throw new CountersignError(code, issue?.message ?? 'not a change of a root update', {
    pointer: jsonPointer('changes', index, ...path),
  });
}

function misplaced(index: number, message: string): CountersignError {
  return new CountersignError('INPUT_INVALID', message, { pointer: jsonPointer('changes', index) });
}
