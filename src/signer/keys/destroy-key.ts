import { keyProofPayload } from '../../dossier/index.js';
import { CountersignError, isCountersignError } from '../../errors.js';
import { judgeDestroy } from '../decide/index.js';
import { Journal, type JournalBodyOf, type SignerState } from '../journal/index.js';
import { factoryOfLabel } from '../key-rules/index.js';
import { askOnce, type PoolOptions } from '../supervisor/index.js';
import type { TokenConfig, TokenKey } from '../token-types.js';
import { listKeys } from './list-keys.js';

const DESTROY_TIMEOUT_MS = 60_000;

export interface KeyToDestroy {
  readonly keyid: string;
  /** All tokens of the signer: a key that came in its place may have to show that it signs. */
  readonly tokens: readonly TokenConfig[];
  readonly now: Date;
}

/**
 * Destroys a key in its token for good, if nothing counts on it any more, with the signer stopped. That it was decided stands in the
 * journal before the token is asked; repeated after a crash in between, it is carried out.
 *
 * @throws KEY_NOT_FOUND, KEY_IN_USE, KEY_AMBIGUOUS; SIGNER_BUSY the signer runs; SIGNER_NOT_INITIALISED, JOURNAL_*;
 *   TOKEN_*, PIN_* and MODULE_NOT_LOADED as for any use of a token
 */
export async function destroyKey(
  { keyid, tokens, now }: KeyToDestroy,
  options: PoolOptions,
): Promise<JournalBodyOf<'destroy'>> {
  const journal = await Journal.open(options);
  try {
    const held = await readHeld(tokens, options);
    const { body, isNew, proveOneOf } = judgeDestroy(
      keyid,
      journal.state,
      held.flatMap(({ keys }) => keys),
    );
    const home = held.find(({ keys }) => keys.some((key) => key.keyid === keyid));
    const { label, serial } = body.token;
    const config = home?.config ?? tokens.find((token) => token.label === label || token.serial === serial);
    if (config === undefined || (home === undefined && isNew)) {
      throw new CountersignError('TOKEN_UNAVAILABLE', `the token ${label} with the key ${keyid} is not there`, {
        hint: 'attach it first',
        details: { keyid, token: label },
      });
    }
    await requireProof(proveOneOf, held, journal.state, options);
    if (isNew) await journal.append(now, [body]);
    await askOnce(config, options, { type: 'destroy', keyid }, DESTROY_TIMEOUT_MS);
    return body;
  } finally {
    await journal.close();
  }
}

interface HeldKeys {
  readonly config: TokenConfig;
  readonly keys: readonly TokenKey[];
}

/** A token that is not there has nothing to say; every other trouble with one is told. */
async function readHeld(tokens: readonly TokenConfig[], options: PoolOptions): Promise<HeldKeys[]> {
  const held: HeldKeys[] = [];
  for (const config of tokens) {
    try {
      held.push({ config, keys: await listKeys(config, options) });
    } catch (error) {
      if (!isCountersignError(error, 'TOKEN_NOT_FOUND')) throw error;
    }
  }
  return held;
}

/** Has one of these keys sign, now. @throws the first one's error if none does */
async function requireProof(
  keys: readonly TokenKey[],
  held: readonly HeldKeys[],
  { service, firstRoots }: SignerState,
  options: PoolOptions,
): Promise<void> {
  const failures: CountersignError[] = [];
  for (const { keyid, role, factory: label } of keys) {
    const config = held.find((token) => token.keys.some((key) => key.keyid === keyid))?.config;
    const factory = factoryOfLabel(label, firstRoots.keys());
    if (config === undefined || factory === undefined) continue;
    const payload = keyProofPayload({ factory, keyid, role, service });
    try {
      // the worker verifies it before it answers
      await askOnce(config, options, { type: 'prove', keyid, payload }, config.signTimeoutMs);
      return;
    } catch (error) {
      if (!isCountersignError(error)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first !== undefined) throw first;
}
