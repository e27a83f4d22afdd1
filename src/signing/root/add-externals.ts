import { CountersignError } from '../../errors.js';
import { applyRootChanges } from '../../factory/index.js';
import { verifySignature } from '../../tuf/index.js';
import { isOfficer, isRequestersOwn } from '../authorize.js';
import { findRequest, type Context } from '../context.js';
import { eventOf } from '../move.js';
import { findOpened } from '../open-request.js';
import { notInState } from '../request-state.js';
import type { Caller } from '../service.js';
import type { StoredExternalSignature, StoredRequest } from '../store-port.js';
import { goingKeyids } from './missing-signers.js';
import { loadRootBase, rootStatementOf } from './stored-root.js';

/**
 * Takes signatures over the new roots by keys that stand in no token: of root keys in force that the update retires. Each is
 * verified before it is kept; one that is there already stays as it is.
 *
 * @throws FORBIDDEN, REQUEST_STATE, KIND_NOT_ALLOWED, EXTERNAL_KEY_UNKNOWN, EXTERNAL_SIGNATURE_INVALID
 */
export async function addExternals(
  context: Context,
  id: string,
  signatures: readonly StoredExternalSignature[],
  caller: Caller,
): Promise<StoredRequest> {
  const request = await findOpened(context, id);
  if (!isOfficer(context, caller) && !isRequestersOwn(request, caller)) {
    throw new CountersignError('FORBIDDEN', 'signatures are handed in by who asked for the request, or by an officer', {
      details: { request: id },
    });
  }
  const statement = rootStatementOf(request);
  const base = await loadRootBase(context, request);
  const { ci, production, signers } = applyRootChanges(statement.changes, base);
  const going = goingKeyids(signers);
  for (const [index, signature] of signatures.entries()) {
    const key = base.ci.keys[signature.keyid];
    if (key === undefined || !going.includes(signature.keyid)) {
      throw new CountersignError('EXTERNAL_KEY_UNKNOWN', `${signature.keyid} is no root key that this update retires`, {
        pointer: `/signatures/${index}/keyid`,
        hint: 'Only keys that leave the root sign from outside of the tokens.',
        details: { keyid: signature.keyid, going },
      });
    }
    try {
      verifySignature(key, signature, signature.document === 0 ? ci : production);
    } catch (cause) {
      throw new CountersignError('EXTERNAL_SIGNATURE_INVALID', 'the signature is not over these roots', {
        pointer: `/signatures/${index}/sig`,
        details: { keyid: signature.keyid, document: signature.document },
        cause,
      });
    }
  }
  const keyids = [...new Set(signatures.map(({ keyid }) => keyid))].sort();
  const event = eventOf(context, 'external-signature', request, { actor: caller.name, details: { keyids } });
  if ((await context.store.rootUpdates.addExternals(id, signatures, event)) === 'state') {
    throw notInState(await findRequest(context, id), 'signed');
  }
  context.changed(id);
  return findRequest(context, id);
}
