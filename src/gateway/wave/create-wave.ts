import type { RequestView } from '../../signing/index.js';
import { serializeMetadata } from '../../tuf/index.js';
import type { GatewayAnswer } from '../answer.js';
import type { Interception } from '../call.js';
import { endedOtherwise, stillWaiting } from '../explain-request.js';
import { factoryError } from '../factory-error.js';
import { callerOf } from '../identify.js';
import { reasonOf } from '../reason.js';
import { requireRequestSignature } from '../request-signature.js';
import { fetchRootView } from '../view/fetch-root-view.js';
import { waitInline, type WaitDependencies } from '../wait-inline.js';
import { readWave, type PostedWave } from './read-wave.js';

/**
 * `POST …/waves/`: what fioctl built is asked for, in the name of whose request key signed it. It succeeds when the Wave is at the
 * Factory; until then it says what is missing. The same again, with whatever expiry, is the same request.
 */
export function createCreateWave(deps: WaitDependencies): Interception {
  return async (call) => {
    const { signing } = deps;
    const wave = readWave(await call.body());
    const { identity, view } = await fetchRootView(call, signing);
    const caller = callerOf(await requireRequestSignature(identity, 'targets', wave.targets, view, signing));
    const submission = {
      factory: call.factory.name,
      name: wave.name,
      tag: wave.tag,
      reason: reasonOf(call, `fioctl waves init ${wave.name} ${wave.version} ${wave.tag}`),
      targets: serializeMetadata({ signatures: [], signedBytes: wave.targets.signedBytes }),
    };
    const { request } = await signing.submitWave(submission, caller);
    if (request.requester.name !== caller.name) return askedByAnother(request, wave);
    const last = await waitInline(call, request, deps);
    return answerFor(last, deps, 'Run the same command again: it succeeds once the Wave is at the Factory');
  };
}

/** Success once a Wave is delivered; before and otherwise, what there is to be said. */
export function answerFor(request: RequestView, { signing }: WaitDependencies, again: string): GatewayAnswer {
  if (request.state === 'delivered') {
    const { name, tag, version } = request.wave ?? {};
    return { status: 200, body: { name, tag, version: String(version) } };
  }
  return request.progress === 'done' ? endedOtherwise(request) : stillWaiting(request, signing.policy().policy, again);
}

/** Two people asked for the same: it is the first one's, who does not count among its officers. */
function askedByAnother({ id, requester }: RequestView, { name }: PostedWave): GatewayAnswer {
  return factoryError(409, `${requester.name} has asked for this Wave ${name} before (request ${id})`, [
    `See what became of it: countersign show ${id}`,
  ]);
}
