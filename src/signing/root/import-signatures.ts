import { CountersignError, isCountersignError } from '../../errors.js';
import {
  readJournalSignatures,
  requireApproved,
  verifyDossier,
  writeJournalLines,
  type DossierSignature,
  type JournalLine,
  type RootStatement,
} from '../../dossier/index.js';
import { requireMayHandIn } from '../authorize.js';
import { findRequest, type Context } from '../context.js';
import { eventOf } from '../move.js';
import { findOpened } from '../open-request.js';
import { notInState } from '../request-state.js';
import type { Caller } from '../service.js';
import type { StoredRequest } from '../store-port.js';
import { assembleRootDossier } from './assemble-root-dossier.js';
import { countWanted } from './missing-signatures.js';
import { rootStatementOf } from './stored-root.js';

/** What tells that the signatures, and not something else, are wrong. */
const WRONG: readonly unknown[] = ['SIGNATURE_INVALID', 'SIGNATURE_DUPLICATE_KEYID', 'KEY_INVALID'];

/**
 * Takes in what another signer has signed of a root update: the lines of its journal, in which the signatures stand. Before
 * anything is stored they are verified as every verifier will later: a dossier with just these signatures and these lines has to
 * hold. The same once more changes nothing.
 *
 * @throws FORBIDDEN, REQUEST_STATE, KIND_NOT_ALLOWED, QUORUM_NOT_MET, REJECTED, EVIDENCE_INVALID, SIGN_KEY_NOT_IN_ROLE,
 *   EXTERNAL_SIGNATURE_INVALID, STATEMENT_FROM_FUTURE, STATEMENT_EXPIRED
 */
export async function importSignatures(
  context: Context,
  id: string,
  journal: readonly JournalLine[],
  caller: Caller,
): Promise<StoredRequest> {
  const request = await findOpened(context, id);
  requireMayHandIn(context, request, caller);
  const statement = rootStatementOf(request);
  const signatures = readJournalSignatures(journal);
  requireNamed(statement, signatures);
  if (await isThere(context, request, signatures)) return request;
  if (request.state !== 'open') throw notInState(request, 'signed');
  await verify(context, request, journal, signatures);

  const keyids = [...new Set(signatures.map(({ keyid }) => keyid))].sort();
  const outcome = await context.store.rootUpdates.addSignatures(
    id,
    {
      signatures,
      wanted: countWanted(statement),
      journal: writeJournalLines(journal),
      at: context.clock.now().toISOString(),
    },
    eventOf(context, 'signatures-imported', request, {
      actor: caller.name,
      details: { keyids, count: signatures.length },
    }),
  );
  if (outcome === 'state') throw notInState(await findRequest(context, id), 'signed');
  context.changed(id);
  return findRequest(context, id);
}

/** Only by keys that the statement names, for the documents that it names them for. @throws SIGN_KEY_NOT_IN_ROLE */
function requireNamed({ documents }: RootStatement, signatures: readonly DossierSignature[]): void {
  for (const { document, keyid } of signatures) {
    if (documents[document]?.sign.includes(keyid) === true) continue;
    throw new CountersignError('SIGN_KEY_NOT_IN_ROLE', `the statement does not name ${keyid} for this document`, {
      pointer: '/journal',
      details: { document, keyid },
    });
  }
}

/** @throws EXTERNAL_SIGNATURE_INVALID there are others by one of these keys */
async function isThere(
  context: Context,
  { id }: StoredRequest,
  signatures: readonly DossierSignature[],
): Promise<boolean> {
  if (signatures.length === 0) return false;
  const stored = new Map(
    (await context.store.requests.signatures(id)).map(({ document, keyid, sig }) => [`${document} ${keyid}`, sig]),
  );
  const known = signatures.filter(({ document, keyid }) => stored.has(`${document} ${keyid}`));
  if (known.length === 0) return false;
  const same = known.every(({ document, keyid, sig }) => stored.get(`${document} ${keyid}`) === sig);
  if (same && known.length === signatures.length) return true;
  throw new CountersignError('EXTERNAL_SIGNATURE_INVALID', 'another signer has signed with one of these keys', {
    pointer: '/journal',
    details: { keyids: [...new Set(known.map(({ keyid }) => keyid))].sort() },
  });
}

async function verify(
  context: Context,
  request: StoredRequest,
  journal: readonly JournalLine[],
  signatures: readonly DossierSignature[],
): Promise<void> {
  try {
    const lines = await assembleRootDossier(context, request, [journal], signatures);
    requireApproved(await verifyDossier(lines, context.pins, context.clock.now()));
  } catch (error) {
    if (!isCountersignError(error) || !WRONG.includes(error.code)) throw error;
    throw new CountersignError('EXTERNAL_SIGNATURE_INVALID', error.message, {
      pointer: '/journal',
      ...(error.details === undefined ? {} : { details: error.details }),
      cause: error,
    });
  }
}
