import type { ApiClient, RequestView } from '../api/index.js';
import type { CliContext } from './context.js';
import { signingReporter } from './signing-reporter.js';

/** One round of waiting; proxies between cut longer silences. */
const ROUND_SECONDS = 30;
/** While thousands of signatures may be made, somebody wants to see them come. */
const ROUND_SECONDS_OF_ROOTS = 5;

/**
 * Waits in rounds until the request has come to its end, the time is up, or the person interrupts; answers what it is then. Says
 * now and then how far the signing of a root update is.
 */
export async function waitForEnd(
  context: CliContext,
  api: ApiClient,
  id: string,
  seconds: number,
): Promise<RequestView> {
  const until = context.now().getTime() + seconds * 1000;
  const report = signingReporter(context);
  let request = await api.request(id);
  report(request);
  while (!isOver(request) && context.now().getTime() < until && !context.interrupted.aborted) {
    const left = Math.ceil((until - context.now().getTime()) / 1000);
    request = await api.request(id, { waitSeconds: Math.min(roundOf(request), left) });
    report(request);
  }
  return request;
}

function roundOf({ kind }: RequestView): number {
  return kind === 'root' ? ROUND_SECONDS_OF_ROOTS : ROUND_SECONDS;
}

/** Whether nothing more will happen to it. */
export function isOver(request: RequestView): boolean {
  return request.state === 'delivered' || request.state === 'closed' || request.state === 'abandoned';
}
