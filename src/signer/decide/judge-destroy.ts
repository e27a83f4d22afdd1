import { CountersignError } from '../../errors.js';
import { REPOSITORIES } from '../../factory/index.js';
import { type Intent, isComplete, type JournalBodyOf, signatureName, type SignerState } from '../journal/index.js';
import { factoryOfLabel } from '../key-rules/index.js';
import type { Root } from '../../tuf/index.js';
import type { TokenKey } from '../token-types.js';
import { keyUses, useOf } from './key-use.js';
import { nameByValue, type OwnKey, ownKeys } from './own-keys.js';
import { requireStillWanted } from './stops.js';

export interface DestroyDecision {
  /** What to write, or what was written when this was decided before. */
  readonly body: JournalBodyOf<'destroy'>;
  readonly isNew: boolean;
  /** One of these keys, all in tokens here, has to prove itself first; empty if that is not needed. */
  readonly proveOneOf: readonly TokenKey[];
}

/**
 * Whether a key may be destroyed: nothing that is published, signed or being signed counts on it, and a key that came in its place
 * is known to sign, or proves it. All else follows from the journal alone; so what is published has to have been shown to the signer.
 *
 * @throws KEY_NOT_FOUND, KEY_AMBIGUOUS, KEY_IN_USE
 */
export function judgeDestroy(keyid: string, state: SignerState, inTokens: readonly TokenKey[]): DestroyDecision {
  const own = ownKeys(state, inTokens);
  const key = own.get(keyid);
  if (key === undefined) {
    throw new CountersignError('KEY_NOT_FOUND', `no token of this signer has a key ${keyid}`, {
      hint: 'countersign key list shows what the tokens hold; give the whole keyid',
      details: { keyid },
    });
  }
  const [held, another] = key.inTokens;
  if (another !== undefined) {
    throw new CountersignError('KEY_AMBIGUOUS', `the key ${keyid} is in two tokens`, { details: { keyid } });
  }
  const before = state.destroyed.get(keyid);
  const token = held?.token ?? state.keys.get(keyid)?.token ?? { label: key.tokenLabel, serial: '' };
  const { role, factory } = key;
  const body = before ?? ({ type: 'destroy', keyid, role, factory, token } as const);
  if (before !== undefined) return { body, isNew: false, proveOneOf: [] };
  const root = newestRoot(key, state);
  const use = useOf(keyUses(state), keyid);
  if (use === 'in-root') throw inUse(keyid, 'a published root names it', 'rotate it out first');
  requireInNoRequest(keyid, state);
  return { body, isNew: true, proveOneOf: use === 'standby' ? [] : successors(key, root, own, state) };
}

/** Neither in what is being signed nor in a root that was signed and may still be published. */
function requireInNoRequest(keyid: string, state: SignerState): void {
  for (const intent of state.intents.values()) {
    if (!names(intent, keyid)) continue;
    if (isUnfinished(intent, state)) {
      throw inUse(keyid, `the request ${intent.entry.id} is not signed to its end`, 'have it finished or rejected');
    }
    if (isRootToCome(intent, state)) {
      throw inUse(
        keyid,
        `the root of request ${intent.entry.id} was signed and is not published`,
        'once the Factory has published a root of that version, and the signer was shown it, this can be said',
      );
    }
  }
}

function names({ entry }: Intent, keyid: string): boolean {
  return (
    entry.keys?.includes(keyid) === true || entry.documents.some(({ sign }) => sign.some(({ key }) => key === keyid))
  );
}

function isUnfinished(intent: Intent, state: SignerState): boolean {
  if (isComplete(intent)) return false;
  try {
    requireStillWanted(intent.entry, state);
    return true;
  } catch {
    return false;
  }
}

function isRootToCome({ entry }: Intent, state: SignerState): boolean {
  return entry.documents.some(
    ({ role, repository, version }) =>
      role === 'root' && version > (state.rootsOf(entry.factory, repository).at(-1)?.signed.version ?? 0),
  );
}

/** What is published has to be known, in both repositories alike: else a key in force would pass for one that no root names. */
function newestRoot({ keyid, factory }: OwnKey, state: SignerState): Root {
  const name = factoryOfLabel(factory, state.firstRoots.keys()) ?? '';
  const [ci, production] = REPOSITORIES.map((repository) => state.rootsOf(name, repository).at(-1));
  if (ci !== undefined && production !== undefined && ci.signed.version === production.signed.version) {
    return production.signed;
  }
  throw inUse(
    keyid,
    `the roots of ${factory} that are published are not known here`,
    'have the service show both to the running signer first, as it does after each update',
  );
}

/**
 * That a targets key signs, the journal may know. A root key signs so seldom that one has to be seen doing it now: its token may be lost since.
 * Where other signers have all root keys in force, the root that these signed is all that can be seen of them here.
 */
function successors(
  { keyid, role, factory }: OwnKey,
  root: Root,
  own: ReadonlyMap<string, OwnKey>,
  state: SignerState,
): TokenKey[] {
  const keyids = root.roles[role]?.keyids ?? [];
  const others = keyids.flatMap((one) => own.get(nameByValue(root.keys[one] ?? NO_KEY)) ?? []);
  if (role === 'targets' && others.some((other) => hasSigned(other.keyid, state))) return [];
  const held = others.flatMap(({ inTokens }) => inTokens);
  if (held.length > 0 || (role === 'root' && others.length === 0)) return held;
  throw inUse(keyid, `no other ${role} key of ${factory} is known to sign here`, 'attach the token of the new key');
}

const NO_KEY = { keytype: 'ED25519', keyval: { public: '' } } as const;

function hasSigned(key: string, { intents }: SignerState): boolean {
  return [...intents.values()].some(({ entry, signatures }) =>
    entry.documents.some(({ index, sign }) =>
      sign.some((one) => one.key === key && signatures.has(signatureName(index, one.keyid))),
    ),
  );
}

function inUse(keyid: string, why: string, hint: string): CountersignError {
  return new CountersignError('KEY_IN_USE', `the key ${keyid} is not destroyed: ${why}`, { hint, details: { keyid } });
}
