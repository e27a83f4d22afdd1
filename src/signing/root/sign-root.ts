import { CountersignError, isCountersignError, restated } from '../../errors.js';
import { findMissingSigners, type RootStatement } from '../../dossier/index.js';
import { applyRootChanges, type RootBase } from '../../factory/index.js';
import { policyOf, type Context } from '../context.js';
import { countApprovals } from '../count-approvals.js';
import { close, eventOf } from '../move.js';
import { newestReceipt } from '../newest-receipt.js';
import type { SignResult } from '../ports.js';
import { showRequestKeys } from '../request-keys/in-roots.js';
import { showSigner } from '../show-signer.js';
import { handleRefusal, olderPolicy } from '../sign-request.js';
import { AGAIN, type StepResult } from '../step-result.js';
import type { StoredRequest } from '../store-port.js';
import { assembleRootForSigner } from './assemble-root-dossier.js';
import { checkUpstream } from './check-upstream.js';
import { findPublishedRoots } from './find-published-roots.js';
import { countWanted, missingSignatures, type WantedSignature } from './missing-signatures.js';
import { ownKeyids } from './own-keyids.js';
import { requireRootSignatures } from './require-root-signatures.js';
import { loadRootBase, rootStatementOf } from './stored-root.js';

/**
 * What is due for an open root update. The Factory is looked at also while officers read: what it has changed meanwhile makes
 * the request one that can never be applied, and nobody should go on reading it.
 */
export async function signRoot(context: Context, request: StoredRequest): Promise<StepResult> {
  if (Date.parse(request.expires) <= context.clock.now().getTime()) {
    await close(context, request, 'expired');
    return AGAIN;
  }
  if (request.material.policyVersion !== context.policy.policy.version) {
    await close(context, request, 'superseded', { error: olderPolicy(request) });
    return AGAIN;
  }
  const statement = rootStatementOf(request);
  const [base, approvals, externals] = await Promise.all([
    loadRootBase(context, request),
    context.store.requests.approvals(request.id),
    context.store.rootUpdates.externals(request.id),
  ]);
  const port = context.factory(request.factory);
  const upstream = await checkUpstream(port, statement, base);
  const isApproved = countApprovals(request, approvals, policyOf(context, request)).missing === 0;
  if (upstream.state === 'stale') {
    // in a database that was put back, a request is open whose roots are in force: the signer still has its signatures
    const isInForce = (await findPublishedRoots(port, statement, base)) === 'ours';
    if (isInForce && isApproved) return signOwnPart(context, request, statement, base);
    const error = isInForce ? inForceAlready(statement) : upstream.error;
    await close(context, request, 'superseded', { error, ...(isInForce ? { rebuild: false } : {}) });
    return AGAIN;
  }
  if (!isApproved) {
    await showSigner(context, request, approvals.length);
    return { then: 'wait', error: upstream.state === 'later' ? upstream.error : null };
  }
  const { signers } = applyRootChanges(statement.changes, base);
  const [missing] = findMissingSigners(statement.documents[0].sign, signers, externals);
  if (missing !== undefined) return { then: 'wait', error: externalMissing(missing.keyids) };
  if (upstream.state === 'later') return { then: 'wait', error: upstream.error };
  return signOwnPart(context, request, statement, base);
}

/** Has the service's own signer sign with the keys that it holds; what keys of others sign is handed in. */
async function signOwnPart(
  context: Context,
  request: StoredRequest,
  statement: RootStatement,
  base: RootBase,
): Promise<StepResult> {
  const lacking = missingSignatures(statement, await context.store.requests.signatures(request.id));
  const own = await ownKeyids(context, statement, base);
  const wanted = lacking.filter(({ keyid }) => own.has(keyid));
  if (wanted.length > 0) return sign(context, request, statement, base, wanted);
  return { then: 'wait', error: signaturesMissing(request, base, lacking) };
}

async function sign(
  context: Context,
  request: StoredRequest,
  statement: RootStatement,
  base: RootBase,
  wanted: readonly WantedSignature[],
): Promise<StepResult> {
  await showRequestKeys(context, request.factory);
  const [dossier, receipt] = await Promise.all([assembleRootForSigner(context, request), newestReceipt(context)]);
  await context.step('sign:before-signer', request.id);
  let result: SignResult;
  try {
    result = await context.signer.sign(dossier.whole, receipt, dossier.abridged);
  } catch (error) {
    // a token that is away is brought by a person: no pause between looks may grow for that
    if (isCountersignError(error) && isAway(error)) return { then: 'wait', error: orLost(error, request, base) };
    return handleRefusal(context, request, error);
  }
  await context.step('sign:after-signer', request.id);
  const signatures = await requireRootSignatures(context, request, { statement, base, wanted }, result.signatures);
  const { seq, hash } = result.journal;
  const outcome = await context.store.rootUpdates.addSignatures(
    request.id,
    { signatures, wanted: countWanted(statement), journal: null, at: context.clock.now().toISOString() },
    eventOf(context, 'signed', request, {
      details: {
        keyids: [...new Set(signatures.map(({ keyid }) => keyid))].sort(),
        count: signatures.length,
        journalSeq: seq,
        journalHash: hash,
      },
    }),
  );
  if (outcome === 'state') {
    context.logger.warn('signatures came for a request that is not open any more', { request: request.id });
  }
  await context.step('sign:after-store', request.id);
  if (outcome === 'added' || outcome === 'signed') context.changed(request.id);
  return AGAIN;
}

function isAway({ code }: CountersignError): boolean {
  return /^(?:TOKEN_|PIN_|KEY_NOT_FOUND)/.test(code);
}

/** A root token that is lost would be waited for until the request expires. */
function orLost(error: CountersignError, request: StoredRequest, base: RootBase): CountersignError {
  const ask = askAgain(request, base, [error.details?.['keyid']]);
  if (ask === '') return error;
  return restated(error, { hint: error.hint === undefined ? ask.trim() : `${error.hint.replace(/\.$/, '')}.${ask}` });
}

/** Empty where none of these is a root key in force, which another one could do for. */
function askAgain({ id }: StoredRequest, { ci }: RootBase, keyids: readonly unknown[]): string {
  const keyid = ci.roles['root']?.keyids.find((one) => keyids.includes(one));
  if (keyid === undefined) return '';
  return ` If its token is lost: countersign cancel ${id}, and ask for the same with --without ${keyid}.`;
}

function signaturesMissing(
  request: StoredRequest,
  base: RootBase,
  lacking: readonly WantedSignature[],
): CountersignError {
  const keyids = [...new Set(lacking.map(({ keyid }) => keyid))].sort();
  return new CountersignError(
    'SIGNATURES_MISSING',
    `keys in tokens of another signer have yet to sign: ${keyids.join(', ')}`,
    {
      hint: `Carry the request there: countersign dossier export ${request.id}, signer sign on that machine, and dossier import.${askAgain(request, base, keyids)}`,
      details: { keyids },
    },
  );
}

function inForceAlready({ base }: RootStatement): CountersignError {
  return new CountersignError('STALE_BASE', `the root ${base.root.version + 1} of this request is in force already`, {
    hint: 'Was the database put back from an older copy?',
  });
}

function externalMissing(keyids: readonly string[]): CountersignError {
  return new CountersignError('THRESHOLD_NOT_MET', 'a key that stands in no token has to sign the new roots as well', {
    hint: `Who has one of these signs with countersign contribute: ${keyids.join(', ')}.`,
    details: { keyids },
  });
}
