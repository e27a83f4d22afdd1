import { CountersignError, isCountersignError } from '../../errors.js';
import { keyFromSpkiDer, keyidOf, publicKeyDer, verifySignature, type Key } from '../../tuf/index.js';
import { requireScope } from '../authorize.js';
import type { Context } from '../context.js';
import { eventOf } from '../move.js';
import { newUlid } from '../request-id.js';
import type { RequestKey } from '../request-key-port.js';
import type { Caller } from '../service.js';
import { requestKeyProofPayload, type RequestKeyRegistration } from './registration.js';

/**
 * Registers the request keys of whoever calls: for the account that the Factory says the token belongs to. The signer hears
 * of them before anybody can ask with them, so that none of them ever comes into a root.
 *
 * @throws FORBIDDEN, INPUT_INVALID, KEY_PROOF_INVALID, REQUEST_KEY_EXISTS, REQUEST_KEY_REFUSED,
 *   FACTORY_NOT_IN_POLICY, FACTORY_…, SIGNER_UNAVAILABLE
 */
export async function registerRequestKeys(
  context: Context,
  registration: RequestKeyRegistration,
  factoryToken: string,
  caller: Caller,
): Promise<readonly RequestKey[]> {
  const { factory, name } = registration;
  requireScope(caller, 'request');
  requireOwn(caller, name);
  const port = context.factory(factory);
  const keys = provedKeys(registration);
  const { polisId } = await port.selfOf(factoryToken);
  const inUse = await context.store.requestKeys.listActive(factory, polisId);
  if (inUse[0] !== undefined) throw accountHasKeys(factory, inUse[0].set);
  await context.signer.registerRequestKeys({ factory, keys: keys.map(({ key }) => key) });

  const now = context.clock.now();
  const set = `rks_${newUlid(now)}`;
  const owner = { set, name, kind: caller.kind, polisId, factory, created: now.toISOString(), revoked: null };
  const records = keys.map((key) => ({ id: `rk_${newUlid(now)}`, ...owner, ...key }));
  const details = { set, factory, polisId, keyids: records.map(({ keyid }) => keyid) };
  const outcome = await context.store.requestKeys.add(
    records,
    eventOf(context, 'request-key-created', null, { actor: caller.name, details }),
  );
  if (outcome === 'account') throw accountHasKeys(factory);
  if (outcome === 'key') throw refused('one of these keys is registered already');
  return records;
}

/** An officer who asked in another's name could approve what they themselves asked for. */
function requireOwn(caller: Caller, name: string): void {
  if (caller.name === name) return;
  throw new CountersignError('FORBIDDEN', `request keys of ${name} are registered by ${name}, and by nobody else`, {
    pointer: '/name',
    hint: `You are ${caller.name}. For a CI job, call with its own token (countersign token create).`,
  });
}

type ProvedRequestKey = Pick<RequestKey, 'role' | 'key' | 'keyid'>;

function provedKeys({ factory, name, keys }: RequestKeyRegistration): ProvedRequestKey[] {
  const proved = keys.map(({ role, key: given, proof }, index) => {
    const key = parseKey(given, index);
    const keyid = keyidOf(key);
    const payload = requestKeyProofPayload({ factory, name, role, keyid });
    try {
      verifySignature(key, { keyid, ...proof }, payload);
    } catch (cause) {
      throw new CountersignError('KEY_PROOF_INVALID', `nothing proves that the request key ${keyid} is held`, {
        pointer: `/keys/${index}/proof`,
        details: { keyid, role },
        cause,
      });
    }
    return { role, key, keyid };
  });
  const kinds = new Set(proved.map(({ role, key }) => `${role} ${key.keytype}`));
  const keyids = new Set(proved.map(({ keyid }) => keyid));
  if (kinds.size === proved.length && keyids.size === proved.length && proved.length > 0) return proved;
  throw new CountersignError('INPUT_INVALID', 'one key of each keytype for a role, and no key twice', {
    pointer: '/keys',
  });
}

/** In the one text that fioctl looks for, however it was sent. */
function parseKey(key: Key, index: number): Key {
  try {
    return keyFromSpkiDer(publicKeyDer(key));
  } catch (cause) {
    if (!isCountersignError(cause, 'KEY_INVALID')) throw cause;
    throw new CountersignError('INPUT_INVALID', cause.message, { pointer: `/keys/${index}/key`, cause });
  }
}

function accountHasKeys(factory: string, set?: string): CountersignError {
  return new CountersignError('REQUEST_KEY_EXISTS', `this account has request keys in use in Factory ${factory}`, {
    hint: `Revoke those first: countersign request-key revoke ${set ?? 'ID'}`,
    details: { factory, ...(set === undefined ? {} : { set }) },
  });
}

function refused(message: string): CountersignError {
  return new CountersignError('REQUEST_KEY_REFUSED', message, { hint: 'Make new ones.' });
}
