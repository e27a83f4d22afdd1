import {
  buildRootStatement,
  requireKind,
  verifyDossier,
  writeRootDossier,
  type RootStatement,
} from '../../dossier/index.js';
import { applyRootChanges, checkTargetsDocument, formatRootChanges, planRootUpdate } from '../../factory/index.js';
import { factoryOf, kindOf } from '../../policy/index.js';
import { formatTime, sha256Hex } from '../../tuf/index.js';
import { policyTexts } from '../dossier-texts.js';
import type { Context } from '../context.js';
import { blobsOf, newRequest } from '../new-request.js';
import type { SignerKey, SignerStatus } from '../ports.js';
import { requireNoRequestKey } from '../request-keys/in-roots.js';
import type { Caller, RequestDiff } from '../service.js';
import type { NewRequest } from '../store-port.js';
import type { Begun } from './begin-transaction.js';
import { chooseRootSigners } from './choose-root-signers.js';
import { fetchRootBase, parseServedTargets, type FetchedRootBase } from './fetch-root-base.js';
import { findSupersededRoots } from './find-superseded-roots.js';
import { findKeysElsewhere, requireUse } from './keys-elsewhere.js';
import { paced } from './paced.js';
import { planChanges } from './plan-changes.js';
import { proveKeys } from './prove-keys.js';
import type { ParsedRootSubmission } from './root-submission.js';
import { createStandbyKeys } from './standby-keys.js';

/** A root update that is worked out, verified and ready to be stored. */
export interface PreparedRoot {
  readonly request: NewRequest;
  readonly statement: RootStatement;
  readonly blobs: readonly Buffer[];
  readonly diff: RequestDiff;
}

/** What the Factory and the signer have, on which a root update is worked out. */
export interface RootMaterial {
  readonly base: FetchedRootBase;
  readonly signerKeys: readonly SignerKey[];
  readonly signerStatus: SignerStatus;
  /** Of whoever the Factory's token belongs to: the owner of new keys. */
  readonly polisId: string;
}

/** @throws FACTORY_…, SIGNER_UNAVAILABLE, what fetchRootBase throws */
export async function fetchRootMaterial(context: Context, factory: string): Promise<RootMaterial> {
  const port = context.factory(factory);
  const policyFactory = factoryOf(context.policy.policy, factory);
  const [base, { keys: signerKeys }, signerStatus, { polisId }] = await Promise.all([
    fetchRootBase(port, policyFactory, context.pins, context.clock.now()),
    context.signer.keys(),
    context.signer.status(),
    port.self(),
  ]);
  // bit by bit; what comes after takes each in one go, and remembers that its signatures hold
  for await (const document of paced(parseServedTargets(base.served))) checkTargetsDocument(document, base.root);
  return { base, signerKeys, signerStatus, polisId };
}

export interface RootToPrepare {
  readonly id: string;
  readonly submission: ParsedRootSubmission;
  readonly caller: Caller;
  /** What stands in the changelog. */
  readonly message: string;
  /** Null for a dry run: the Factory is not asked to begin anything, and the changelog is the one it would write. */
  readonly begun: Begun | null;
  /** Standby keys that an earlier request of the same purpose was to bring in. */
  readonly preferredKeyids: readonly string[];
}

/**
 * Works a root update out: changes, roots, statement. The dossier made from them is put before `verifyDossier`, so what signer
 * and officers would refuse is never stored.
 *
 * @throws REQUEST_KEY_IN_ROOT, what planChanges, buildRootStatement and verifyDossier throw; KEY_NOT_FOUND, TOKEN_…, SIGNER_UNAVAILABLE
 */
export async function prepareRoot(
  context: Context,
  { base, signerKeys, signerStatus, polisId }: RootMaterial,
  { id, submission, caller, message, begun, preferredKeyids }: RootToPrepare,
): Promise<PreparedRoot> {
  const { factory, reason, keys: told } = submission;
  const { policy } = context.policy;
  const now = context.clock.now();
  const policyFactory = factoryOf(policy, factory);
  const elsewhere = await findKeysElsewhere(context, factory, base.root, signerKeys, told);
  const allKeys = [...signerKeys, ...elsewhere];
  const preferred = [...told.map(({ keyid }) => keyid), ...preferredKeyids];
  const changes = planChanges({
    submission,
    base,
    changelog: begun?.changelog ?? { op: 'changelog', polisId, message, timestamp: formatTime(now) },
    staged: begun?.staged ?? null,
    standby: createStandbyKeys(policyFactory, base.root, allKeys, preferred),
    signerKeys: allKeys,
    polisId,
    now,
    maxExpiresDays: kindOf(policy, 'root').maxExpiresDays,
  });
  requireUse(told, base.root, changes);
  const roots = { ci: base.roots.ci.last, production: base.roots.production.last };
  const planned = planRootUpdate(changes, base.root);
  await requireNoRequestKey(context, [planned.ci, planned.production]);
  const { signers } = applyRootChanges(changes, base.root);
  const { statement, text, update } = await buildRootStatement({
    service: context.pins.policySha256,
    policy: context.policy,
    factory,
    id,
    changes,
    keys: await proveKeys(context, factory, changes, told),
    requester: { name: caller.name, via: caller.via },
    reason,
    created: now,
    expires: new Date(now.getTime() + context.limits.statementLifetimeMs),
    roots,
    ciTargets: base.ciTargets.metadata,
    documents: paced(parseServedTargets(base.served)),
    sign: chooseRootSigners(signers, base.root, allKeys, {
      without: submission.without,
      signedLast: roots.ci.signatures.map(({ keyid }) => keyid),
    }),
    keysOfOtherFactories: signerKeys.flatMap((key) =>
      key.factory === undefined || key.factory === factory ? [] : [key.public],
    ),
    supersedes: await findSupersededRoots(
      context,
      { signerStatus, signerKeys, told: submission.supersedes },
      factory,
      roots.ci.signed.version + 1,
    ),
    upstream: begun === null ? null : { url: policyFactory.url, txidSha256: saltedDigest(begun) },
  });
  const documents = [update.ci, update.production] as const;
  const prepared = { statement, text, documents, base };
  const verified = await verifyDossier(paced(dossierOf(context, prepared)), context.pins, now);
  const { summary } = requireKind(verified, 'root');
  const served = (ofWaves: boolean) =>
    base.served.filter(({ wave }) => (wave !== null) === ofWaves).map(({ bytes }) => bytes);
  const madeOf = { base, productionTargets: served(false), waveTargets: served(true), documents };
  return {
    request: newRequest(context, { statement, text, wave: null }, madeOf, caller),
    statement,
    blobs: blobsOf(madeOf),
    diff: { summary, text: formatRootChanges(summary) },
  };
}

interface Made {
  readonly statement: RootStatement;
  readonly text: string;
  readonly documents: readonly [ci: Buffer, production: Buffer];
  readonly base: FetchedRootBase;
}

/** The txid alone is so short that a plain digest would give it away. */
function saltedDigest({ txid, salt }: Begun): string {
  return sha256Hex(`${salt} ${txid}`);
}

function dossierOf(context: Context, { text, documents: [ci, production], base }: Made): AsyncIterable<string> {
  const textOf = (bytes: Buffer) => bytes.toString('utf8');
  return writeRootDossier({
    policies: policyTexts(context, context.policy.policy.version),
    roots: { ci: base.roots.ci.bytes.map(textOf), production: base.roots.production.bytes.map(textOf) },
    statement: text,
    ciTargets: textOf(base.ciTargets.bytes),
    targets: base.served.flatMap(({ tag, wave, bytes }) => (wave === null ? [{ tag, text: textOf(bytes) }] : [])),
    waveTargets: base.served.flatMap(({ tag, wave, bytes }) =>
      wave === null ? [] : [{ wave, tag, text: textOf(bytes) }],
    ),
    documents: [textOf(ci), textOf(production)],
  });
}
