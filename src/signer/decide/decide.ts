import { encodeRejection } from '../../approval/index.js';
import { requireApproved, requireKind, type VerifiedDossier } from '../../dossier/index.js';
import { CountersignError, isCountersignError } from '../../errors.js';
import { factoryOf } from '../../policy/index.js';
import { formatTime } from '../../tuf/index.js';
import {
  type DocumentLine,
  isComplete,
  type JournalBody,
  type JournalBodyOf,
  type SignerState,
} from '../journal/index.js';
import { newBase } from './base.js';
import { requireNoCanary } from './canaries.js';
import type { Circumstances, Decision } from './decision.js';
import { documentsOf, findForeignSignatures, newFreezes } from './foreign-signatures.js';
import { type OwnKey, ownKeys } from './own-keys.js';
import { newPolicies } from './policies.js';
import { newRoots } from './roots.js';
import { signKeys } from './sign-keys.js';
import { requireNotFrozen, requireNoVeto, requireStillWanted } from './stops.js';
import { requireAboveWatermarks } from './watermarks.js';

/**
 * Whether this signer signs what a dossier asks for. It follows from the dossier, verified under the journal's pins, and the journal's state
 * alone; nothing that the service says besides counts.
 *
 * What was learnt on the way (newer policies and roots, a veto, a reason to freeze a role) is worth keeping also when the answer is no:
 * from then on an older policy or root is refused.
 *
 * The refusal's codes: SIGNER_CLOCK, STATEMENT_EXPIRED, REQUEST_ID_REUSED, VERSION_ROLLBACK, POLICY_CHAIN_BROKEN, ROOT_NOT_TRUSTED, ROLE_FROZEN,
 * KEY_ROLE_MISMATCH, KEY_AMBIGUOUS, KEY_NOT_FOUND, TOKEN_UNAVAILABLE, KEY_ATTRIBUTES, TOKEN_MESSAGE_LIMIT, VETOED, REJECTED, QUORUM_NOT_MET, STALE_BASE,
 * WATERMARK_PUBLISHED, WATERMARK_ISSUED.
 */
export function decide(dossier: VerifiedDossier, state: SignerState, circumstances: Circumstances): Decision {
  const record: JournalBody[] = [];
  try {
    const known = state.intents.get(dossier.statementSha256);
    if (known !== undefined && isComplete(known)) return { outcome: 'resume', intent: known };
    requireClock(circumstances.now, state);
    if (known === undefined) {
      requireNotExpired(dossier, circumstances.now);
      return judge(dossier, state, circumstances, record);
    }
    // Whether it may be signed was judged when the intent was written. Only what can still stop it counts now.
    record.push(...newVetoes(dossier, state));
    requireStillWanted(known.entry, state, record);
    return { outcome: 'resume', intent: known };
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return { outcome: 'refuse', record, error };
  }
}

function judge(
  dossier: VerifiedDossier,
  state: SignerState,
  { keys, allTokensRead, canaries }: Circumstances,
  record: JournalBody[],
): Decision {
  const { statement, statementSha256, rootChains } = dossier;
  requireFreshRequestId(statement.id, statementSha256, state);
  record.push(...newPolicies(dossier.policies, state));
  record.push(...newRoots(rootChains.ci, state, statement.factory, 'ci'));
  record.push(...newRoots(rootChains.production, state, statement.factory, 'production'));

  const own = ownKeys(state, keys);
  const freezes = findForeignSignatures(documentsOf(dossier, state), own, state, statement.factory);
  record.push(...newFreezes(freezes, state));
  for (const { role } of statement.documents) requireNotFrozen(statement.factory, role, state, freezes);
  for (const { signed } of [dossier.roots.ci, dossier.roots.production]) requireNoCanary(signed, canaries);

  const documents = documentsToSign(dossier, own, allTokensRead);
  record.push(...newVetoes(dossier, state));
  requireNoVeto(statementSha256, state);
  requireApproved(dossier);
  record.push(...judgeLines(dossier, state));

  const { id, kind, factory, policy } = statement;
  const { persons } = dossier.quorum;
  const intent: JournalBodyOf<'intent'> = {
    type: 'intent',
    factory,
    kind,
    id,
    statement: statementSha256,
    policy: policy.version,
    persons: [...persons],
    documents,
  };
  return { outcome: 'sign', record, intent };
}

function requireClock(now: Date, { head }: SignerState): void {
  if (formatTime(now) >= head.at) return;
  throw new CountersignError(
    'SIGNER_CLOCK',
    `the clock says ${formatTime(now)}, the journal's last entry is of ${head.at}`,
    {
      hint: 'set the clock of the signer right; if it is right and was ahead when that entry was written, stop the signer and run countersign signer clock-reset',
      details: { now: formatTime(now), last: head.at },
    },
  );
}

/** Judged again: a dossier may take its time to arrive after the clock was read for verifying it. */
function requireNotExpired({ statement }: VerifiedDossier, now: Date): void {
  if (Date.parse(statement.expires) > now.getTime()) return;
  throw new CountersignError('STATEMENT_EXPIRED', `the statement expired at ${statement.expires}`, {
    pointer: '/expires',
    hint: 'ask for it again',
    details: { expires: statement.expires, now: formatTime(now) },
  });
}

function requireFreshRequestId(id: string, statementSha256: string, state: SignerState): void {
  const before = state.requests.get(id);
  if (before === undefined || before === statementSha256) return;
  throw new CountersignError('REQUEST_ID_REUSED', `the request ${id} was signed with another statement`, {
    pointer: '/id',
    hint: 'make a new request',
    details: { id, statement: before },
  });
}

function documentsToSign(
  { documents, roots, statement, policy }: VerifiedDossier,
  own: ReadonlyMap<string, OwnKey>,
  allTokensRead: boolean,
): JournalBodyOf<'intent'>['documents'] {
  const factory = factoryOf(policy.policy, statement.factory);
  const chosen: JournalBodyOf<'intent'>['documents'] = [];
  for (const [index, { entry, bytes }] of documents.entries()) {
    const { repository, role, version, sha256 } = entry;
    const tag = entry.role === 'root' ? null : entry.tag;
    const root = roots[repository].signed;
    const sign = signKeys({ entry, length: bytes.length, root, own, factory, allTokensRead });
    if (sign.length > 0) {
      chosen.push({ index, repository, role, tag, version, sha256, length: bytes.length, sign });
    }
  }
  if (chosen.length > 0) return chosen;
  const keyids = documents.flatMap(({ entry }) => entry.sign);
  throw allTokensRead
    ? new CountersignError('KEY_NOT_FOUND', 'none of the keys that the statement names is in a token of this signer', {
        pointer: '/documents',
        details: { keyids },
      })
    : new CountersignError('TOKEN_UNAVAILABLE', 'a token that may hold the key is not there at the moment', {
        details: { keyids },
      });
}

/**
 * A rejection that stands in a dossier is as final as one that was sent on its own.
 *
 * @param signed whether signatures had left before it came
 */
export function newVetoes(
  dossier: VerifiedDossier,
  state: SignerState,
  signed: boolean = false,
): JournalBodyOf<'veto'>[] {
  const { statement, statementSha256, rejections } = dossier;
  const known = state.vetoes.get(statementSha256) ?? [];
  return rejections
    .filter(({ person }) => !known.some((veto) => veto.person === person))
    .map(({ person, reason }) => ({
      type: 'veto',
      factory: statement.factory,
      id: statement.id,
      statement: statementSha256,
      person,
      rejection: encodeRejection({ statementSha256, reason }).toString('utf8'),
      sshsig: null,
      signed,
    }));
}

/** Base and watermarks, document by document. */
function judgeLines(dossier: VerifiedDossier, state: SignerState): JournalBodyOf<'published'>[] {
  const { base, statement } = requireKind(dossier, 'wave');
  const record: JournalBodyOf<'published'>[] = [];
  const supersedes = statement.supersedes?.documents ?? [];
  const targets = base.productionTargets;
  const built = targets === null ? null : { version: targets.signed.version, sha256: targets.sha256 };
  for (const [index, { repository, role, tag, version, sha256 }] of statement.documents.entries()) {
    const line: DocumentLine = { factory: statement.factory, repository, role, tag };
    const mark = state.watermarkOf(line);
    record.push(...newBase(built, line, mark));
    requireAboveWatermarks({ index, document: { version, sha256 }, mark, base: built, supersedes });
  }
  return record;
}
