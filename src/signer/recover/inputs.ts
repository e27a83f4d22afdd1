import { type VerifiedDossier, verifyDossier } from '../../dossier/index.js';
import { isCountersignError, restated } from '../../errors.js';
import { newKeys } from '../server/new-keys.js';
import type { SignerState } from '../journal/index.js';
import type { StateFold } from '../journal/fold.js';
import type { Published, PublishedRoots } from '../protocol.js';
import type { TokenKey } from '../token-types.js';
import { planDossier } from './plan-dossier.js';
import { planPublished, planPublishedRoots } from './plan-published.js';
import { planRoots } from './plan-roots.js';
import { RecoveryPlan } from './plan.js';

/** A file with a dossier or evidence; opened more than once, since many of them would not fit into memory at a time. */
export interface EvidenceFile {
  readonly name: string;
  readonly lines: () => AsyncIterable<string> | Iterable<string>;
}

/** Everything that a recovery is rebuilt from, beside the journal that is there. */
export interface RecoveryInputs {
  /** Dossiers, with the journal's lines or without. */
  readonly evidence: readonly EvidenceFile[];
  /** What the Factories publish: root chains, and targets, which may come with chains of their own. */
  readonly published: readonly (Published | PublishedRoots)[];
  readonly keys: readonly TokenKey[];
}

/**
 * Plans what a journal has to be told. The same inputs give the same plan, in whatever order they come.
 *
 * @param state the fold of the journal that is there; it is used up
 * @param at when the recovery was drafted: nothing can have been signed later
 * @throws what `verifyDossier`, `planDossier` and `planPublished` throw, naming the file
 */
export async function planRecovery(
  state: StateFold,
  { evidence, published, keys }: RecoveryInputs,
  at: Date,
): Promise<RecoveryPlan> {
  const plan = new RecoveryPlan(state, keys);
  plan.add(newKeys(state, keys));
  for (const file of await sortEvidence(evidence, state, at)) {
    await naming(file.name, async () => planDossier(plan, await verify(file, state, at)));
  }
  for (const one of inOrder(published)) {
    const what = 'metadata' in one ? `${one.factory} ${one.wave ?? one.tag}` : `roots of ${one.factory}`;
    await naming(what, () => ('metadata' in one ? planPublished(plan, one) : planPublishedRoots(plan, one)));
  }
  for (const factory of state.firstRoots.keys()) planRoots(plan, factory);
  return plan;
}

/** Roots first, since targets are judged by the newest. */
function inOrder(published: RecoveryInputs['published']): RecoveryInputs['published'] {
  const places = published.map((one) => ({ one, place: `${'metadata' in one ? '1' : '0'} ${JSON.stringify(one)}` }));
  return places.sort((a, b) => (a.place < b.place ? -1 : 1)).map(({ one }) => one);
}

/**
 * In the order in which the requests were signed, since a later document may have superseded an earlier one. Of two files about one
 * request the one with the journal's lines comes first, and so is the one that is taken.
 */
async function sortEvidence(
  evidence: readonly EvidenceFile[],
  state: SignerState,
  at: Date,
): Promise<readonly EvidenceFile[]> {
  const places: { readonly file: EvidenceFile; readonly place: string }[] = [];
  for (const file of evidence) {
    await naming(file.name, async () => {
      const dossier = await verify(file, state, at);
      places.push({ file, place: placeOf(dossier) });
    });
  }
  return places.sort((a, b) => (a.place < b.place ? -1 : 1)).map(({ file }) => file);
}

function placeOf({ signatures, journal, statement, statementSha256, rejections }: VerifiedDossier): string {
  const signedAt = signatures.map((signature) => signature.signedAt).sort()[0];
  // times are whole seconds: of what was signed within one the journal knows the order
  const seq = String(journal?.intent.seq ?? 0).padStart(16, '0');
  const order = [signedAt ?? statement.created, journal === undefined ? '1' : '0', seq, statement.created];
  return [...order, statementSha256, String(rejections.length)].join(' ');
}

/** Whether it expired since, or was signed late, takes nothing from what was signed. */
function verify(file: EvidenceFile, { service, firstRoots }: SignerState, at: Date): Promise<VerifiedDossier> {
  const pins = { policySha256: service, firstRootSha256: Object.fromEntries(firstRoots) };
  return verifyDossier(file.lines(), pins, at, { judgeBy: 'creation' });
}

/** Says which of many files is wrong. */
async function naming(name: string, work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    throw restated(error, { message: `${name}: ${error.message}` });
  }
}
