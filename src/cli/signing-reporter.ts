import type { RequestView } from '../api/index.js';
import type { CliContext } from './context.js';
import { say } from './terminal/output.js';

/** A line for each tenth of the signatures: logs of CI jobs are read as well. */
const LINES = 10;

/** Tells whoever waits how far the signing of a root update is, each time that there is something to tell. */
export function signingReporter(context: CliContext): (request: RequestView) => void {
  let told = -1;
  return ({ root }) => {
    const { made = 0, wanted = 0 } = root?.progress ?? {};
    if (wanted === 0) return;
    const tenth = Math.floor((made * LINES) / wanted);
    if (tenth === told) return;
    told = tenth;
    say(context, `signing: ${count(made)} of ${count(wanted)}`);
  };
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
