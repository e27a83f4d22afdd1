import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { CountersignError } from '../errors.js';
import type { Caller, RequestKey } from '../signing/index.js';
import type { AskFactory, RequestKeys } from './ports.js';

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
 * @param headers as they came
 * @throws FACTORY_UNAUTHORIZED, FACTORY_REFUSED (the Factory's text; `details.status`), FACTORY_UNAVAILABLE, FACTORY_ANSWER_INVALID
 */
export async function identify(
  headers: IncomingHttpHeaders,
  factory: string,
  { ask, keys }: { readonly ask: AskFactory; readonly keys: RequestKeys },
): Promise<Identity> {
  const { status, body } = await ask(factory, `/ota/factories/${factory}/users/self/`, headers);
  if (status !== 200) throw refused(factory, status, body);
  const self = selfSchema.safeParse(parseJson(body));
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

const refusalSchema = z.union([
  z.object({ msg: z.string() }).transform(({ msg }) => msg),
  z.object({ message: z.string() }).transform(({ message }) => message),
]);
const LONGEST_TEXT = 500;

function refused(factory: string, status: number, body: Buffer): CountersignError {
  const said = refusalSchema.safeParse(parseJson(body));
  const text = said.success ? said.data.slice(0, LONGEST_TEXT) : `Factory ${factory} answered ${status}`;
  return new CountersignError(status === 401 ? 'FACTORY_UNAUTHORIZED' : 'FACTORY_REFUSED', text, {
    details: { factory, status },
  });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
