import type { ApiClient, RequestView } from '../api/index.js';
import type { CliContext } from './context.js';

/** One round of waiting; proxies between cut longer silences. */
const ROUND_SECONDS = 30;

/** Waits in rounds until the request has come to its end, the time is up, or the person interrupts; answers what it is then. */
export async function waitForEnd(
  context: CliContext,
  api: ApiClient,
  id: string,
  seconds: number,
): Promise<RequestView> {
  const until = context.now().getTime() + seconds * 1000;
  let request = await api.request(id);
  while (!isOver(request) && context.now().getTime() < until && !context.interrupted.aborted) {
    const left = Math.ceil((until - context.now().getTime()) / 1000);
    request = await api.request(id, { waitSeconds: Math.min(ROUND_SECONDS, left) });
  }
  return request;
}

/** Whether nothing more will happen to it. */
export function isOver(request: RequestView): boolean {
  return request.state === 'delivered' || request.state === 'closed' || request.state === 'abandoned';
}
