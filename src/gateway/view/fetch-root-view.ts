import { CountersignError, isCountersignError } from '../../errors.js';
import type { GatewayCall } from '../call.js';
import { identify, type Identity } from '../identify.js';
import type { GatewaySigning } from '../ports.js';
import { viewRoot, type RootView } from './view-root.js';

/**
 * Who calls, and the CI root in force as they are shown it, both fetched for this call.
 *
 * @throws PassedOn, FACTORY_UNAVAILABLE, FACTORY_ANSWER_INVALID, SIGNER_UNAVAILABLE
 */
export async function fetchRootView(
  call: Pick<GatewayCall, 'ask' | 'factory'>,
  signing: GatewaySigning,
): Promise<{ readonly identity: Identity; readonly view: RootView }> {
  const [identity, root] = await Promise.all([
    identify(call, signing),
    call.ask(`/ota/repo/${call.factory.name}/api/v1/user_repo/root.json`),
  ]);
  const tokenKeys = identity.requestKeys.length === 0 ? [] : await signing.keys();
  try {
    return { identity, view: viewRoot(root.toString('utf8'), identity, tokenKeys) };
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError('FACTORY_ANSWER_INVALID', `the Factory's root cannot be read: ${cause.message}`, {
      details: { reason: cause.code },
      cause,
    });
  }
}
