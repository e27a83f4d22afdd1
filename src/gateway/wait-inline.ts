import { preferredWait } from '../api/index.js';
import type { Clock, RequestView } from '../signing/index.js';
import type { GatewayCall } from './call.js';
import type { GatewayObserver } from './observer.js';
import type { GatewaySigning } from './ports.js';

export interface WaitDependencies {
  readonly signing: GatewaySigning;
  readonly clock: Clock;
  readonly maxWaitSeconds: number;
  readonly observer: GatewayObserver;
}

/** Holds a call open for as long as its `Prefer: wait` asks (fioctl sends it when `extraheaders` says so) and is granted, or until its request has ended. */
export async function waitInline(
  { req, signal }: Pick<GatewayCall, 'req' | 'signal'>,
  request: RequestView,
  { signing, clock, maxWaitSeconds, observer }: WaitDependencies,
): Promise<RequestView> {
  const { prefer } = req.headers;
  const seconds = preferredWait([prefer ?? ''].flat().join(), maxWaitSeconds);
  if (seconds === 0 || request.progress === 'done') return request;
  observer.onWait(1);
  try {
    return await signing.waitFor(request.id, new Date(clock.now().getTime() + seconds * 1000), signal);
  } finally {
    observer.onWait(-1);
  }
}
