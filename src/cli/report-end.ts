import type { ApiClient, RequestView } from '../api/index.js';
import type { CliContext } from './context.js';
import { describeRequest } from './describe-request.js';
import { EXIT } from './exit-codes.js';
import { printData, printJson } from './terminal/output.js';
import { isOver, waitForEnd } from './wait-for-end.js';

export interface EndOptions {
  /** Seconds; true for as long as it takes. */
  readonly wait?: true | number;
  readonly json?: boolean;
}

/** Waits for a request's end if that is wanted, and prints what it is then; the exit status says how it ended. */
export async function reportEnd(
  context: CliContext,
  api: ApiClient,
  request: RequestView,
  { wait, json }: EndOptions,
  exit: (code: number) => void,
): Promise<RequestView> {
  const last =
    wait === undefined
      ? request
      : await waitForEnd(context, api, request.id, wait === true ? Number.POSITIVE_INFINITY : wait);
  if (json === true) printJson(context, last);
  else printData(context, `${last.id}\n`);
  if (wait === undefined) return last;
  context.stderr.write(describeRequest(last));
  exit(last.state === 'delivered' ? EXIT.done : isOver(last) ? EXIT.refused : EXIT.waiting);
  return last;
}
