import { CountersignError, isCountersignError } from '../../errors.js';
import type { SubmitResult, WaveSubmission } from '../../signing/index.js';
import { serializeMetadata } from '../../tuf/index.js';
import type { Interception } from '../call.js';
import { callerOf } from '../identify.js';
import { requireRequestSignature } from '../request-signature.js';
import { fetchRootView } from '../view/fetch-root-view.js';
import { waitInline, type WaitDependencies } from '../wait-inline.js';
import { answerFor } from './create-wave.js';
import { readWaveSignatures } from './read-wave.js';

/**
 * `POST …/waves/{wave}/sign/`: for a Wave that was asked for here, the tokens make every signature that devices want, so nothing is added:
 * this waits for it as `waves init` does. Any other Wave is refused, since what it was made of is not known here.
 */
export function createSignWave(deps: WaitDependencies, wave: string): Interception {
  return async (call) => {
    const { signing } = deps;
    const [body, shown] = await Promise.all([
      call.body(),
      call.ask(`/ota/factories/${call.factory.name}/waves/${wave}/?show-targets=1`),
    ]);
    const { tag, targets } = readWaveSignatures(body, shown);
    const { identity, view } = await fetchRootView(call, signing);
    const caller = callerOf(await requireRequestSignature(identity, 'targets', targets, view, signing));
    const document = {
      ...{ factory: call.factory.name, name: wave, tag, reason: `fioctl waves sign ${wave}` },
      targets: serializeMetadata({ signatures: [], signedBytes: targets.signedBytes }),
    };
    const known = await findKnown((submission) => signing.submitWave(submission, caller), document);
    const last = await waitInline(call, known.request, deps);
    return answerFor(last, deps, 'Run the same command again: it succeeds once everything is signed');
  };
}

/** A dry run answers what was asked for before, and asks for nothing. */
async function findKnown(
  submit: (submission: WaveSubmission) => Promise<SubmitResult>,
  document: WaveSubmission,
): Promise<SubmitResult> {
  try {
    return await submit({ ...document, dryRun: true });
  } catch (cause) {
    if (!isCountersignError(cause, 'DELIVERY_CONFLICT')) throw cause;
    throw new CountersignError('FORBIDDEN', `Wave ${document.name} was not asked for through Countersign`, {
      hint: `Cancel it and ask for it here: fioctl waves cancel ${document.name}, then fioctl waves init, or countersign waves init.`,
      cause,
    });
  }
}
