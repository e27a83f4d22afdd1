import { CountersignError } from '../errors.js';
import { buildWaveStatement, requireKind, verifyDossier, writeDossier, type WaveStatement } from '../dossier/index.js';
import { formatWave } from '../factory/index.js';
import { factoryOf, kindOf } from '../policy/index.js';
import { formatTime, sha256Hex } from '../tuf/index.js';
import { policyTexts } from './dossier-texts.js';
import { chooseKeys } from './choose-keys.js';
import type { Context } from './context.js';
import { fetchBase, type FetchedBase } from './fetch-base.js';
import { findSuperseded } from './find-superseded.js';
import { blobsOf, newRequest } from './new-request.js';
import type { FactoryPort } from './ports.js';
import { newRequestId } from './request-id.js';
import type { Caller, RequestDiff } from './service.js';
import type { NewRequest } from './store-port.js';
import type { ParsedSubmission } from './submission.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long a Wave lives unless somebody says: as long as fioctl gives it. */
const DEFAULT_EXPIRES_DAYS = 365;

/** A request that is worked out, verified and ready to be stored. */
export interface PreparedWave {
  readonly request: NewRequest;
  readonly statement: WaveStatement;
  readonly blobs: readonly Buffer[];
  readonly diff: RequestDiff;
}

/**
 * Works a submission out over what the Factory has published: changes, document, statement. The dossier made from
 * them is put before `verifyDossier`, so what signer and officers would refuse is never stored.
 *
 * @throws what fetchBase, diffWave, applyWave, buildWaveStatement, findSuperseded and verifyDossier throw;
 *   DELIVERY_CONFLICT, KEY_NOT_FOUND, SIGNER_UNAVAILABLE
 */
export async function prepareWave(
  context: Context,
  submission: ParsedSubmission,
  caller: Caller,
): Promise<PreparedWave> {
  const { factory, tag } = submission;
  const port = context.factory(factory);
  const policyFactory = factoryOf(context.policy.policy, factory);
  const now = context.clock.now();
  const [base, signerKeys, status] = await Promise.all([
    fetchBase(port, policyFactory, context.pins, tag, now),
    context.signer.keys(),
    context.signer.status(),
    requireFreeName(port, submission.name),
  ]);

  const waveBase = {
    ciTargets: base.ciTargets.metadata.signed,
    productionTargets: base.productionTargets?.metadata.signed ?? null,
  };
  const { maxExpiresDays } = kindOf(context.policy.policy, 'wave');
  const lifetimeMs = Math.min(DEFAULT_EXPIRES_DAYS, maxExpiresDays) * DAY_MS;
  const production = base.roots.production.last.signed;
  const input = {
    service: context.pins.policySha256,
    policy: context.policy,
    factory,
    id: newRequestId(now),
    wave: submission.name,
    tag,
    changes: submission.changes(waveBase, formatTime(new Date(Math.floor(now.getTime() / 1000) * 1000 + lifetimeMs))),
    requester: { name: caller.name, via: caller.via },
    reason: submission.reason,
    created: now,
    expires: new Date(now.getTime() + context.limits.statementLifetimeMs),
    roots: { ci: base.roots.ci.last, production: base.roots.production.last },
    ciTargets: base.ciTargets.metadata,
    productionTargets: base.productionTargets?.metadata ?? null,
    sign: chooseKeys(factory, production, base.onlineKeyids, signerKeys.keys),
  };
  const draft = buildWaveStatement(input);
  const { version } = submission;
  const supersedes = await findSuperseded(context, status, {
    factory,
    tag,
    version,
    sha256: sha256Hex(draft.document),
  });
  const { statement, text, document } = supersedes === null ? draft : buildWaveStatement({ ...input, supersedes });

  const lines = dossierLines(context, base, tag, text, document);
  const verified = requireKind(await verifyDossier(lines, context.pins, now), 'wave');
  const [entry] = statement.documents;
  const madeOf = {
    base,
    productionTargets: base.productionTargets === null ? [] : [base.productionTargets.bytes],
    waveTargets: [],
    documents: [document],
  };
  const wave = { name: entry.wave, tag: entry.tag, version: entry.version };
  return {
    request: newRequest(context, { statement, text, wave }, madeOf, caller),
    statement,
    blobs: blobsOf(madeOf),
    diff: { summary: verified.summary, text: formatWave(verified.summary) },
  };
}

/**
 * A Wave of that name, in whatever state, would make it impossible to tell after a lost answer whether the delivery
 * arrived.
 */
async function requireFreeName(port: FactoryPort, name: string): Promise<void> {
  const wave = await port.wave(name);
  if (wave === null) return;
  throw new CountersignError('DELIVERY_CONFLICT', `the Factory has a Wave ${name} already (${wave.status})`, {
    pointer: '/name',
    hint: 'Choose another name.',
    details: { wave: name, status: wave.status, version: wave.version },
  });
}

function* dossierLines(
  context: Context,
  base: FetchedBase,
  tag: string,
  statement: string,
  document: Buffer,
): Generator<string> {
  const text = (bytes: Buffer) => bytes.toString('utf8');
  yield* writeDossier({
    policies: policyTexts(context, context.policy.policy.version),
    roots: { ci: base.roots.ci.bytes.map(text), production: base.roots.production.bytes.map(text) },
    statement,
    ciTargets: text(base.ciTargets.bytes),
    productionTargets: base.productionTargets === null ? null : { tag, text: text(base.productionTargets.bytes) },
    documents: [text(document)],
  });
}
