import type { ApiClient, SubmissionWire } from '../api/index.js';
import type { CliContext } from './context.js';
import { describeRequest } from './describe-request.js';
import { EXIT } from './exit-codes.js';
import { printData, printJson, say } from './terminal/output.js';
import { isOver, waitForEnd } from './wait-for-end.js';

export interface SubmissionOptions {
  /** Seconds; true for as long as it takes. */
  readonly wait?: true | number;
  readonly json?: boolean;
}

/** Tells what came of asking for something: the preview of a dry run, the request, or after waiting how it ended. */
export async function reportSubmission(
  context: CliContext,
  api: ApiClient,
  { request, created, preview }: SubmissionWire,
  { wait, json }: SubmissionOptions,
  exit: (code: number) => void,
): Promise<void> {
  if (preview !== undefined) {
    if (json === true) printJson(context, preview);
    else printData(context, `${preview.text.trimEnd()}\n`);
    say(context, 'dry run: everything holds; nothing was asked'); return;
  }
  say(
    context,
    created ? `asked: ${request.quorum.needed} approval(s) needed` : 'this was asked before; here is that request',
  );
  const last =
    wait === undefined
      ? request
      : await waitForEnd(context, api, request.id, wait === true ? Number.POSITIVE_INFINITY : wait);
  if (json === true) printJson(context, last);
  else printData(context, `${last.id}\n`);
  if (wait === undefined) return;
  context.stderr.write(describeRequest(last));
  exit(last.state === 'delivered' ? EXIT.done : isOver(last) ? EXIT.refused : EXIT.waiting);
}
