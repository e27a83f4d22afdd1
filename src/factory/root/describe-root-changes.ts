import { findJsonDifference } from '../json-difference.js';
import type { JsonObject, Key, Root } from '../../tuf/index.js';
import { narrowRoot, rootAsJson } from './narrow-root.js';
import { planRootUpdate } from './plan-root.js';
import type { RootPlan } from './root-plan.js';
import { reSignDocuments, type DocumentToSign } from './re-sign-documents.js';
import type { RootBase } from './root-base.js';
import type { RootChange } from './root-change.js';
import { rootSigners } from './root-signers.js';
import type {
  DescribedDocument,
  DescribedKey,
  DescribedKeyChange,
  DescribedThreshold,
  RootSummary,
} from './root-summary.js';
import { findRootWarnings } from './root-warnings.js';
import type { TargetsDocument } from './targets-document.js';

/**
 * Describes a root update from its changes, its base and the documents it signs again, by the plan that is signed.
 *
 * @param documents as for reSignDocuments
 * @throws as reSignDocuments
 */
export function describeRootChanges(
  changes: readonly RootChange[],
  base: RootBase,
  documents: Iterable<TargetsDocument>,
): RootSummary {
  return describeRootUpdate(changes, base, Array.from(reSignDocuments(changes, base, documents), describeDocument));
}

function describeDocument({ tag, wave, signed, sha256, sign, adopted }: DocumentToSign): DescribedDocument {
  const { version, expires } = signed;
  return { tag, wave, version, expires, sha256, sign, adopted: adopted ? signed : null };
}

/**
 * As describeRootChanges, of documents that were described one by one.
 *
 * @throws as planRootUpdate
 */
export function describeRootUpdate(
  changes: readonly RootChange[],
  base: RootBase,
  documents: readonly DescribedDocument[],
): RootSummary {
  const plan = planRootUpdate(changes, base);
  const { intent, ci } = plan;
  const { polisId, message, timestamp } = intent.changelog;
  const none = { keyids: [], threshold: 1 };
  const summary: Omit<RootSummary, 'warnings'> = {
    previousVersion: base.ci.version,
    version: ci.version,
    previousExpires: base.ci.expires,
    expires: ci.expires,
    changelog: { polisId, message, timestamp },
    keys: describeKeys(plan, base),
    thresholds: describeThresholds(plan, base),
    signers: rootSigners(base.ci.roles['root'] ?? none, ci.roles['root'] ?? none),
    documents,
  };
  const dropped = findJsonDifference(rootAsJson(base.ci), rootAsJson(narrowRoot(base.ci)), ['signed']);
  return { ...summary, warnings: findRootWarnings(summary, dropped) };
}

function describeKeys({ intent, ci }: RootPlan, base: RootBase): DescribedKeyChange[] {
  return [
    ...intent.onlineKeys.map(({ role, old, new: key }) => ({
      role,
      online: true,
      old: describeKey(base.ci, old),
      new: describeKey(ci, key.keyid),
    })),
    ...intent.keys.map((change) => ({
      role: change.role,
      online: false,
      old: change.op === 'add-key' ? null : describeKey(base.ci, change.old),
      new: change.op === 'remove-key' ? null : describeKey(ci, change.new.keyid),
    })),
  ];
}

function describeKey(root: Root, keyid: string): DescribedKey {
  const key: Key | undefined = root.keys[keyid];
  const owners: JsonObject = root['x-key-owners'] ?? {};
  const owner = Object.hasOwn(owners, keyid) ? owners[keyid] : undefined;
  return { keyid, keytype: key?.keytype ?? '', owner: describeOwner(owner) };
}

function describeOwner(owner: unknown): DescribedKey['owner'] {
  if (typeof owner !== 'object' || owner === null) return null;
  const members = new Map<string, unknown>(Object.entries(owner));
  return { polisId: String(members.get('polis-id')), createdAt: String(members.get('created-at')) };
}

function describeThresholds({ ci, production }: RootPlan, base: RootBase): DescribedThreshold[] {
  return (
    [
      { role: 'root', repository: 'both', before: base.ci, after: ci },
      { role: 'targets', repository: 'production', before: base.production, after: production },
    ] as const
  ).flatMap(({ role, repository, before, after }) => {
    const was = before.roles[role]?.threshold ?? 0;
    const { threshold, keyids } = after.roles[role] ?? { threshold: 0, keyids: [] };
    return was === threshold ? [] : [{ role, repository, was, threshold, keys: keyids.length }];
  });
}
