/** `npm run bench [-- NAME… [--samples N]]`: all benchmarks, or those named. Each makes what it needs in temporary folders. */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchApproval } from './approval.js';
import { benchCanonical } from './canonical.js';
import { benchSigner } from './signer.js';

const BENCHMARKS = new Map<string, (samples: number | undefined) => unknown>([
  ['canonical', benchCanonical],
  ['signer', benchSigner],
  ['approval', benchApproval],
]);

const { values, positionals } = parseArgs({ allowPositionals: true, options: { samples: { type: 'string' } } });
const samples = values.samples === undefined ? undefined : Number(values.samples);
const unknown = positionals.filter((name) => !BENCHMARKS.has(name));
if (unknown.length > 0 || (samples !== undefined && !(Number.isInteger(samples) && samples > 0))) {
  console.error(`usage: npm run bench [-- ${[...BENCHMARKS.keys()].join('|')} … [--samples N]]`);
  process.exit(2);
}
const [cpu] = cpus();
console.log(`Node ${process.version} · ${cpus().length} × ${cpu?.model ?? 'CPU'}`);
console.log('Baseline and candidate take turns in one run; ratios are what counts.');
for (const [name, run] of BENCHMARKS) {
  if (positionals.length === 0 || positionals.includes(name)) await run(samples);
}
