import { z } from 'zod';
import { CountersignError } from '../errors.js';
import type { Caller, RequestKey } from '../signing/index.js';
import type { GatewayCall } from './call.js';
import type { RequestKeys } from './ports.js';

/** Whose Factory token a call came with, as the Factory says. That alone asks for nothing to be signed. */
export interface Identity {
  readonly factory: string;
  /** The Factory's name for the account. */
  readonly polisId: string;
  /** Those of the account that are in use in this Factory: at most one of each role and keytype. */
  readonly requestKeys: readonly RequestKey[];
}

const selfSchema = z.object({ 'polis-id': z.string().min(1).max(256) });

/**
 * Asks the Factory who calls, by the caller's own headers. To be done for every call anew: the answer is true for this
 * moment only, and is kept nowhere.
 *
 * @throws PassedOn (the Factory does not take the caller's credentials), FACTORY_UNAVAILABLE, FACTORY_ANSWER_INVALID
 */
export async function identify(
  { ask, factory: { name: factory } }: Pick<GatewayCall, 'ask' | 'factory'>,
  keys: RequestKeys,
): Promise<Identity> {
  const self = selfSchema.safeParse(parseJson(await ask(`/ota/factories/${factory}/users/self/`)));
  if (!self.success) {
    throw new CountersignError('FACTORY_ANSWER_INVALID', `Factory ${factory} does not say whose token this is`);
  }
  const polisId = self.data['polis-id'];
  return { factory, polisId, requestKeys: await keys.activeRequestKeys(factory, polisId) };
}

/** As whom something is asked for that a request key signed: never with the right to decide. */
export function callerOf({ id, name, kind }: RequestKey): Caller {
  return {
    name,
    kind,
    via: 'fioctl',
    person: kind === 'person' ? name : null,
    scopes: ['read', 'request'],
    requestKey: id,
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
