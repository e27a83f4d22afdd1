import { z } from 'zod';
import { CountersignError } from '../../errors.js';
import type { GatewayAnswer } from '../answer.js';
import type { GatewayCall } from '../call.js';
import type { Identity } from '../identify.js';
import type { RootUpdateDependencies } from './deps.js';
import { requireDraft, saveDraft } from './find-draft.js';
import { parseBody } from './read-put.js';

const ROLES = ['targets', 'snapshot', 'timestamp'] as const;
const bodySchema = z.strictObject({
  txid: z.string().max(100),
  'key-type': z.enum(['ED25519', 'RSA']),
  targets: z.boolean().default(false),
  snapshot: z.boolean().default(false),
  timestamp: z.boolean().default(false),
});

/**
 * Notes that the Factory shall make new online keys: it does so in the transaction that is begun once this is asked for. What was signed
 * before has to be signed again.
 */
export async function generateOnlineKeys(
  deps: RootUpdateDependencies,
  call: GatewayCall,
  identity: Identity,
): Promise<GatewayAnswer> {
  const { txid, 'key-type': keytype, ...wanted } = parseBody(bodySchema, await call.body());
  const draft = await requireDraft(deps, call, identity, txid);
  const roles = ROLES.filter((role) => wanted[role]);
  if (roles.length === 0) throw new CountersignError('INPUT_INVALID', 'no role is named whose key shall be made');
  if (draft.content.request !== null) {
    throw new CountersignError('REQUEST_STATE', `this was asked for already, as request ${draft.content.request}`, {
      hint: 'Apply or cancel it first: fioctl keys tuf updates apply, or cancel.',
    });
  }
  await saveDraft(deps, draft, { ...draft.content, online: { roles, keytype }, signedBy: null });
  return { status: 200, body: {} };
}
