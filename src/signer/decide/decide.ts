import { encodeRejection } from '../../approval/index.js';
import { requireApproved, type VerifiedDossier, type VerifiedRootDossier } from '../../dossier/index.js';
import { CountersignError, isCountersignError } from '../../errors.js';
import { factoryOf } from '../../policy/index.js';
import { formatTime } from '../../tuf/index.js';
import { isComplete, type JournalBody, type JournalBodyOf, type SignerState } from '../journal/index.js';
import { requireNoCanary } from './canaries.js';
import type { Circumstances, Decision } from './decision.js';
import { documentsOf, findForeignSignatures, newFreezes } from './foreign-signatures.js';
import { judgeLines } from './judge-lines.js';
import { type OwnKey, ownKeys } from './own-keys.js';
import { newPolicies } from './policies.js';
import { requireNoRequestKey } from './request-keys.js';
import { requireRootKeys } from './root-keys.js';
import { newRoots } from './roots.js';
import { signKeys, type SignKeyQuestion } from './sign-keys.js';
import { signingRoot } from './signing-root.js';
import { requireNotFrozen, requireNoVeto, requireStillWanted } from './stops.js';

/**
 * Whether this signer signs what a dossier asks for. It follows from the dossier, verified under the journal's pins, and the journal's state
 * alone; nothing that the service says besides counts.
 *
 * What was learnt on the way (newer policies and roots, a veto, a reason to freeze a role) is worth keeping also when the answer is no:
 * from then on an older policy or root is refused.
 *
 * The refusal's codes: SIGNER_CLOCK, STATEMENT_EXPIRED, REQUEST_ID_REUSED, VERSION_ROLLBACK, POLICY_CHAIN_BROKEN, ROOT_NOT_TRUSTED, ROLE_FROZEN,
 * ROOT_KEY_OTHER_FACTORY, REQUEST_KEY_IN_ROOT, THRESHOLD_NOT_MET, KEY_ROLE_MISMATCH, KEY_AMBIGUOUS, KEY_NOT_FOUND, TOKEN_UNAVAILABLE, KEY_ATTRIBUTES, TOKEN_MESSAGE_LIMIT, VETOED, REJECTED, QUORUM_NOT_MET, STALE_BASE,
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
  { keys, allTokensRead, absent, canaries }: Circumstances,
  record: JournalBody[],
): Decision {
  const { statement, statementSha256, rootChains, roots } = dossier;
  requireFreshRequestId(statement.id, statementSha256, state);
  record.push(...newPolicies(dossier.policies, state));
  record.push(...newRoots(rootChains.ci, state, statement.factory, 'ci'));
  record.push(...newRoots(rootChains.production, state, statement.factory, 'production'));

  const own = ownKeys(state, keys);
  const foreign = findForeignSignatures(documentsOf(dossier, state), own, state, statement.factory);
  record.push(...newFreezes(foreign, state));
  const freezes = foreign.map(({ freeze }) => freeze);
  for (const { role } of statement.documents) requireNotFrozen(statement.factory, role, state, freezes);
  for (const { signed } of [roots.ci, roots.production]) requireNoCanary(signed, canaries);
  // of a root update the new roots matter: it may be the one that takes such a key out again
  const named = dossier.kind === 'root' ? Object.values(dossier.next) : [roots.ci.signed, roots.production.signed];
  for (const root of named) requireNoRequestKey(root, state);

  // a Wave waits for its token with its intent written; whether a ceremony comes at all is not sure enough for that
  const question = {
    factory: factoryOf(dossier.policy.policy, statement.factory),
    allTokensRead,
    absent: dossier.kind === 'root' ? absent : new Set<string>(),
  };
  const ours = dossier.kind === 'root' ? ownRootKeys(dossier, state, own, question, canaries) : null;
  const documents = documentsToSign(dossier, own, question);
  record.push(...newVetoes(dossier, state));
  requireNoVeto(statementSha256, state);
  requireApproved(dossier);
  if (dossier.kind === 'root') requireEverySigner(dossier);
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
    ...(ours === null ? {} : { keys: ours }),
  };
  return { outcome: 'sign', record, intent };
}

/** The keys of this signer that new roots name, each right in every way; and no canary among them. */
function ownRootKeys(
  dossier: VerifiedRootDossier,
  state: SignerState,
  own: ReadonlyMap<string, OwnKey>,
  question: Pick<SignKeyQuestion, 'factory' | 'allTokensRead' | 'absent'>,
  canaries: ReadonlySet<string>,
): string[] {
  for (const root of Object.values(dossier.next)) requireNoCanary(root, canaries);
  return requireRootKeys(dossier, state, own, question);
}

/** New roots that would lack a signature are not signed: half of a rotation is of no use, and out in the world. */
function requireEverySigner({ missingSigners }: VerifiedRootDossier): void {
  const [first] = missingSigners;
  if (first === undefined) return;
  throw new CountersignError('THRESHOLD_NOT_MET', `the new root lacks ${first.missing} signature(s) from outside`, {
    hint: 'whoever has these keys adds the signatures with countersign contribute',
    details: { missing: first.missing, keyids: first.keyids },
  });
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
  dossier: VerifiedDossier,
  own: ReadonlyMap<string, OwnKey>,
  question: Pick<SignKeyQuestion, 'factory' | 'allTokensRead' | 'absent'>,
): JournalBodyOf<'intent'>['documents'] {
  const { documents } = dossier;
  const chosen: JournalBodyOf<'intent'>['documents'] = [];
  for (const [index, { entry, bytes }] of documents.entries()) {
    const { repository, role, version, sha256 } = entry;
    const tag = entry.role === 'targets' ? entry.tag : null;
    const sign = signKeys({ entry, length: bytes.length, root: signingRoot(dossier, entry), own, ...question });
    if (sign.length > 0) {
      chosen.push({ index, repository, role, tag, version, sha256, length: bytes.length, sign });
    }
  }
  if (chosen.length > 0) return chosen;
  const keyids = [...new Set(documents.flatMap(({ entry }) => entry.sign))];
  throw question.allTokensRead
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
