import { isCountersignError, restated } from '../../errors.js';
import { checkExternals, type ExternalSignature, type RootStatement } from '../../dossier/index.js';
import { applyRootChanges } from '../../factory/index.js';
import { parseRoot } from '../../tuf/index.js';
import { requireMayHandIn } from '../authorize.js';
import { findRequest, type Context } from '../context.js';
import { eventOf } from '../move.js';
import { findOpened } from '../open-request.js';
import { notInState } from '../request-state.js';
import type { Caller } from '../service.js';
import type { StoredRequest } from '../store-port.js';
import { loadRootBase, rootStatementOf } from './stored-root.js';

/**
 * Takes signatures over the new roots by keys that stand in no token: of root keys in force that the update retires. Each is
 * verified before it is kept, as in every dossier after; one that is there already stays as it is.
 *
 * @throws FORBIDDEN, REQUEST_STATE, KIND_NOT_ALLOWED, SIGN_KEY_NOT_IN_ROLE, EXTERNAL_SIGNATURE_INVALID
 */
export async function addExternals(
  context: Context,
  id: string,
  signatures: readonly ExternalSignature[],
  caller: Caller,
): Promise<StoredRequest> {
  const request = await findOpened(context, id);
  requireMayHandIn(context, request, caller);
  const subject = await subjectOf(context, request, rootStatementOf(request));
  for (const [index, signature] of signatures.entries()) {
    try {
      checkExternals([signature], subject);
    } catch (error) {
      throw inBodyTerms(error, index);
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

async function subjectOf(
  context: Context,
  request: StoredRequest,
  statement: RootStatement,
): Promise<Parameters<typeof checkExternals>[1]> {
  const { material } = request;
  const load = async (sha256: string | undefined) => parseRoot(await context.store.blobs.get(sha256 ?? ''));
  const [base, ci, production] = await Promise.all([
    loadRootBase(context, request),
    load(material.rootsCi.at(-1)),
    load(material.rootsProduction.at(-1)),
  ]);
  const update = applyRootChanges(statement.changes, base);
  const [ciEntry, productionEntry] = statement.documents;
  return {
    documents: [
      { entry: ciEntry, bytes: update.ci },
      { entry: productionEntry, bytes: update.production },
    ],
    roots: { ci, production },
    signers: update.signers,
  };
}

function inBodyTerms(error: unknown, index: number): unknown {
  if (!isCountersignError(error)) return error;
  const known = error.code === 'SIGN_KEY_NOT_IN_ROLE';
  return restated(error, {
    code: known ? error.code : 'EXTERNAL_SIGNATURE_INVALID',
    pointer: `/signatures/${index}/${known ? 'keyid' : 'sig'}`,
  });
}
