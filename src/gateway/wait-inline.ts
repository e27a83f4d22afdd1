import { preferredWait } from '../api/index.js';
import type { Clock, RequestView } from '../signing/index.js';
import type { GatewayCall } from './call.js';
import type { GatewaySigning } from './ports.js';

/** Holds a call open for as long as its `Prefer: wait` asks (fioctl sends it when `extraheaders` says so) and is granted, or until its request has ended. */
export async function waitInline(
  { req, signal }: Pick<GatewayCall, 'req' | 'signal'>,
  request: RequestView,
  { signing, clock, maxWaitSeconds }: { signing: GatewaySigning; clock: Clock; maxWaitSeconds: number },
): Promise<RequestView> {
  const { prefer } = req.headers;
  const seconds = preferredWait([prefer ?? ''].flat().join(), maxWaitSeconds);
  if (seconds === 0 || request.progress === 'done') return request;
  return signing.waitFor(request.id, new Date(clock.now().getTime() + seconds * 1000), signal);
}
