import type { ApiClient, RequestView, SubmissionWire } from '../api/index.js';
import type { CliContext } from './context.js';
import { reportEnd, type EndOptions } from './report-end.js';
import { printData, printJson, say } from './terminal/output.js';

/**
 * Tells what came of asking for something: the preview of a dry run, the request, or after waiting how it ended.
 *
 * @returns the request as it is then; null for a dry run
 */
export async function reportSubmission(
  context: CliContext,
  api: ApiClient,
  { request, created, preview }: SubmissionWire,
  options: EndOptions,
  exit: (code: number) => void,
): Promise<RequestView | null> {
  if (preview !== undefined) {
    if (options.json === true) printJson(context, preview);
    else printData(context, `${preview.text.trimEnd()}\n`);
    say(context, 'dry run: everything holds; nothing was asked');
    return null;
  }
  say(
    context,
    created ? `asked: ${request.quorum.needed} approval(s) needed` : 'this was asked before; here is that request',
  );
  return await reportEnd(context, api, request, options, exit);
}
