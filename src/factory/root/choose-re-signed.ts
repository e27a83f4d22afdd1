import { CountersignError } from '../../errors.js';
import { planRootUpdate } from './plan-root.js';
import type { RootPlan } from './root-plan.js';
import type { RootBase } from './root-base.js';
import type { RootChange, RootChangeOf } from './root-change.js';
import { writeRootChanges } from './root-intent.js';
import {
  checkTargetsDocument,
  documentName,
  offlineTargetsKeyids,
  standingSignatures,
  wantedSignatures,
  type StandingSignatures,
  type TargetsDocument,
} from './targets-document.js';

export interface ReSignOptions {
  /** Offline targets keys that sign every document besides, as `sign-prod-targets` of fioctl does. */
  readonly also?: readonly string[];
  /** Keys whose token is there. Of keys that stay they sign before others, since one of those may be lost. */
  readonly here?: readonly string[];
  /** Whether a document that no offline key in force has signed is adopted. By default none is. */
  readonly adopts?: (document: TargetsDocument) => boolean;
}

/**
 * Adds to the changes of a root update which documents are signed again, and by which keys. As fioctl does: who signed with
 * a key that is replaced gets a signature of the new one. Besides, each gets what it would lack under the new root: of new
 * keys first, then of those that stay.
 *
 * @param changes without `re-sign` and `adopt`
 * @param documents every production targets document and every active Wave's; at most one is held at a time
 * @throws RE_SIGN_NOT_SIGNED a document needs a signature, no offline key in force has signed it, and it is not adopted
 * @throws as planRootUpdate
 */
export function chooseReSigned(
  changes: readonly RootChange[],
  base: RootBase,
  documents: Iterable<TargetsDocument>,
  options: ReSignOptions = {},
): RootChange[] {
  const plan = planRootUpdate(changes, base);
  const groups = new Map<string, { sign: string[]; tags: string[]; waves: string[] }>();
  const adopt: RootChangeOf<'adopt'>[] = [];
  for (const document of documents) {
    const { tag, wave, metadata } = document;
    const standing = standingSignatures(checkTargetsDocument(document, base).signed, base, plan);
    const sign = chooseKeys(standing, base, plan, options);
    if (sign.length === 0) continue;
    if (standing.before.length === 0) {
      requireAdopted(document, options);
      adopt.push({ op: 'adopt', sign, tag, wave, version: metadata.signed.version, sha256: metadata.sha256 });
      continue;
    }
    const group = groups.get(sign.join(' ')) ?? { sign, tags: [], waves: [] };
    groups.set(sign.join(' '), group);
    if (wave === null) group.tags.push(tag);
    else group.waves.push(wave);
  }
  const reSign = [...groups.values()].map(({ sign, tags, waves }): RootChangeOf<'re-sign'> => ({
    op: 're-sign',
    sign,
    tags: tags.sort(),
    waves: waves.sort(),
  }));
  return writeRootChanges({ ...plan.intent, reSign, adopt });
}

/** @returns ascending */
function chooseKeys(
  standing: StandingSignatures,
  base: RootBase,
  plan: RootPlan,
  { also = [], here = [] }: ReSignOptions,
): string[] {
  const chosen = new Set<string>();
  for (const change of plan.intent.keys) {
    if (change.op === 'replace-key' && change.role === 'targets' && standing.before.includes(change.old)) {
      chosen.add(change.new.keyid);
    }
  }
  for (const keyid of also) {
    if (!standing.after.includes(keyid)) chosen.add(keyid);
  }
  const before = offlineTargetsKeyids(base.production, base.onlineTargetsKeyid);
  const after = offlineTargetsKeyids(plan.production, plan.onlineTargetsKeyid);
  const isNew = (keyid: string): boolean => !before.includes(keyid);
  const staying = after.filter((keyid) => !isNew(keyid));
  const isHere = (keyid: string): boolean => here.includes(keyid);
  const inOrder = [...staying.filter(isHere), ...staying.filter((keyid) => !isHere(keyid))];
  for (const keyid of [...after.filter(isNew), ...inOrder]) {
    if (standing.after.length + chosen.size >= wantedSignatures(base, plan)) break;
    if (!standing.after.includes(keyid)) chosen.add(keyid);
  }
  return [...chosen].sort();
}

function requireAdopted(document: TargetsDocument, { adopts = () => false }: ReSignOptions): void {
  if (adopts(document)) return;
  const name = documentName(document);
  throw new CountersignError('RE_SIGN_NOT_SIGNED', `${name}: has no valid signature of an offline key in force`, {
    hint: 'read it, and adopt it if all that it says is right',
    details: { document: name },
  });
}
