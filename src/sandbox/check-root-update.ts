import { isCountersignError } from '../errors.js';
import { checkThreshold, verifyRootUpdate, type RootMetadata } from '../tuf/index.js';
import { isWithin } from './clock.js';
import { publicOnlineKey } from './online-keys.js';
import { checkStagedContents } from './check-staged-contents.js';
import { offlineSignatures } from './re-signed-targets.js';
import { isOwned } from './roots.js';
import {
  keyidsOf,
  onlineKeysAfter,
  stagedRoots,
  thresholdOf,
  type RootStep,
  type StagedRoots,
} from './staged-roots.js';
import type { RootUpdate, SandboxState } from './state.js';

/** Production thresholds up to this one are legal while the server's own key is the only targets key. */
const THRESHOLD_OF_NOBODY = 2;

/**
 * What keeps a root update from being applied, in the server's words; empty when it can be. Every device that followed the
 * roots in force has to follow the new ones, and to accept what is in production under them.
 */
export function checkRootUpdate(state: SandboxState, update: RootUpdate, now: Date): string[] {
  const staged = stagedRoots(state, update);
  if (staged === null) return ['Nothing has been changed yet'];
  const online = publicOnlineKey(onlineKeysAfter(state, update).targets).keyid;
  const errors = [
    ...checkChain('CI root', staged.ci),
    ...checkChain('production root', staged.production),
    ...checkReach(staged, online),
    ...checkInitialKey(state, staged),
    ...checkStagedContents(state, update, staged),
    ...(isWithin(staged.ci.next.signed.expires, now, 0)
      ? [`The root expires at ${staged.ci.next.signed.expires}`]
      : []),
    ...checkDocuments(state, update, staged.production, online),
  ];
  // what devices do has the last word, whatever was looked at above
  return errors.length > 0
    ? errors
    : [...checkAsDevice('CI root', staged.ci), ...checkAsDevice('production root', staged.production)];
}

/** By a threshold of the keys in force, and by one of its own. */
function checkChain(name: string, { current, next }: RootStep): string[] {
  const errors: string[] = [];
  const counted = new Set<string>();
  try {
    for (const [which, root] of [
      ['current', current],
      ['new', next],
    ] as const) {
      const { threshold, signed, missing } = checkThreshold(next, root.signed, 'root');
      for (const keyid of signed) counted.add(keyid);
      if (missing > 0)
        errors.push(`${name} needs ${threshold} signature(s) by ${which} root keys, has ${signed.length}`);
    }
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return [`${name}: ${error.message}`];
  }
  const wrong = next.signatures.filter(({ keyid }) => !counted.has(keyid));
  return [...errors, ...wrong.map(({ keyid }) => `${name} has a signature that does not count, by ${keyid}`)];
}

/** Whether each role has the keys that its threshold needs. */
function checkReach({ ci, production }: StagedRoots, online: string): string[] {
  const errors: string[] = [];
  const rootKeys = keyidsOf(ci.next.signed, 'root').length;
  const rootThreshold = thresholdOf(ci.next.signed, 'root');
  if (rootThreshold > rootKeys) errors.push(`Threshold of root is ${rootThreshold}, but there are ${rootKeys} key(s)`);
  const ofCi = thresholdOf(ci.next.signed, 'targets');
  if (ofCi !== 1) errors.push(`Threshold of CI targets is ${ofCi}, and has to be 1`);
  const threshold = thresholdOf(production.next.signed, 'targets');
  const keyids = keyidsOf(production.next.signed, 'targets');
  if (threshold < 2) errors.push(`Threshold of production targets is ${threshold}, and has to be 2 or more`);
  const isNobodys = isOnlineAlone(production.next, online) && threshold === THRESHOLD_OF_NOBODY;
  if (threshold > keyids.length && !isNobodys) {
    errors.push(`Threshold of production targets is ${threshold}, but there are ${keyids.length} key(s)`);
  }
  return errors;
}

function isOnlineAlone({ signed }: RootMetadata, online: string): boolean {
  return keyidsOf(signed, 'targets').every((keyid) => keyid === online);
}

/** Whoever takes ownership takes the root key that the server made, and replaces it. */
function checkInitialKey(state: SandboxState, { ci }: StagedRoots): string[] {
  if (isOwned(state)) return [];
  const stays = keyidsOf(ci.next.signed, 'root').includes(publicOnlineKey(state.keys.root).keyid);
  return stays ? ['The root key is still the initial online key: take it offline'] : [];
}

/** Everything in production, and every Wave on its way there, stays acceptable; before the first offline targets key nothing is. */
function checkDocuments(
  state: SandboxState,
  update: RootUpdate,
  { current, next: root }: RootStep,
  online: string,
): string[] {
  const isNobodys = isOnlineAlone(current, publicOnlineKey(state.keys.targets).keyid) && isOnlineAlone(root, online);
  const waves = state.waves
    .filter(({ status }) => status === 'active')
    .map(({ name, targets }) => [name, targets] as const);
  const production = Object.entries(state.productionTargets);
  const check = (
    what: string,
    documents: readonly (readonly [string, string])[],
    staged: RootUpdate['targetsSignatures'],
  ): string[] => [
    ...documents.flatMap(([name, text]) => {
      const offered = Object.hasOwn(staged, name) ? (staged[name] ?? []) : [];
      const { have, needed, wrong } = offlineSignatures(text, offered, root.signed, online);
      return [
        ...(have < needed && !isNobodys
          ? [`${what} ${name} need ${needed} signature(s) by targets keys, have ${have}`]
          : []),
        ...wrong.map((keyid) => `${what} ${name} have a signature that does not count, by ${keyid}`),
      ];
    }),
    ...Object.keys(staged)
      .filter((name) => !documents.some(([other]) => other === name))
      .map((name) => `There are no ${what} ${name} that could be signed`),
  ];
  return [
    ...check('production Targets', production, update.targetsSignatures),
    ...check('Targets of Wave', waves, update.wavesSignatures),
  ];
}

function checkAsDevice(name: string, { current, next }: RootStep): string[] {
  try {
    verifyRootUpdate(current, next);
    return [];
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return [`${name}: ${error.message}`];
  }
}
