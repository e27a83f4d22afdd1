import { buildBundleStatement, verifyDossier, writeBundleDossier } from '../../dossier/index.js';
import { factoryOf } from '../../policy/index.js';
import { chooseKeys } from '../choose-keys.js';
import type { Context } from '../context.js';
import { policyTexts } from '../dossier-texts.js';
import { fetchTrust } from '../fetch-base.js';
import { blobsOf, newRequest } from '../new-request.js';
import { newRequestId } from '../request-id.js';
import type { Caller } from '../service.js';
import type { NewRequest } from '../store-port.js';
import { diffBundleNow, type BundleDiff } from './bundle-diff.js';
import type { ParsedBundleSubmission } from './bundle-submission.js';
import { requireFolder } from './require-folder.js';

/** A request that is worked out, verified and ready to be stored. */
export interface PreparedBundle {
  readonly request: NewRequest;
  readonly blobs: readonly Buffer[];
  readonly diff: BundleDiff;
}

/**
 * Works a bundle's request out over what the Factory has published. Its dossier is put before `verifyDossier`, so what signer and
 * officers would refuse is never stored.
 *
 * @throws what fetchTrust, requireFolder, buildBundleStatement and verifyDossier throw; KEY_NOT_FOUND, SIGNER_UNAVAILABLE
 */
export async function prepareBundle(
  context: Context,
  submission: ParsedBundleSubmission,
  caller: Caller,
): Promise<PreparedBundle> {
  const { factory, reason, change, bundle, targets, bytes } = submission;
  const port = context.factory(factory);
  const now = context.clock.now();
  const [base, signerKeys] = await Promise.all([
    fetchTrust(port, factoryOf(context.policy.policy, factory), context.pins, now),
    context.signer.keys(),
  ]);
  const { ci, production } = base.roots;
  const signed = requireFolder(submission, production, now);
  const { statement, text } = buildBundleStatement({
    service: context.pins.policySha256,
    policy: context.policy,
    factory,
    id: newRequestId(now),
    requester: { name: caller.name, via: caller.via },
    reason,
    created: now,
    expires: new Date(now.getTime() + context.limits.statementLifetimeMs),
    roots: { ci: ci.last, production: production.last },
    ciTargets: base.ciTargets.metadata,
    targets,
    bundle,
    sign: chooseKeys(factory, production.last.signed, [...new Set([...base.onlineKeyids, ...signed])], signerKeys.keys),
  });
  const textOf = (document: Buffer) => document.toString('utf8');
  const lines = writeBundleDossier({
    policies: policyTexts(context, context.policy.policy.version),
    roots: { ci: ci.bytes.map(textOf), production: production.bytes.map(textOf) },
    statement: text,
    ciTargets: textOf(base.ciTargets.bytes),
    targets: { tag: change.tag, text: textOf(bytes.targets) },
    bundle: textOf(bytes.bundle),
  });
  await verifyDossier(lines, context.pins, now);
  const madeOf = {
    base,
    productionTargets: [bytes.targets],
    waveTargets: [],
    documents: [bundle.signedBytes],
    bundle: bytes.bundle,
  };
  return {
    request: newRequest(context, { statement, text, wave: null }, madeOf, caller),
    blobs: blobsOf(madeOf),
    diff: await diffBundleNow(context, factory, change, targets.signed),
  };
}
