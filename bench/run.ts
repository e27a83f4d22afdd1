/**
 * `npm run bench [-- NAME… [--samples N]]`: all benchmarks, or those named. Each makes what it needs in temporary folders.
 * `re-sign` and `root-update` take `--documents 10,100` too, `re-sign` also `--workers N` and `--type ed25519`.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchApproval } from './approval.js';
import { benchCanonical } from './canonical.js';
import { benchGateway } from './gateway.js';
import { benchReSign, KEY_TYPES } from './re-sign.js';
import { benchRootUpdate } from './root-update.js';
import { benchSigner } from './signer.js';

const BENCHMARKS = new Map<string, (samples: number | undefined) => unknown>([
  ['canonical', benchCanonical],
  ['signer', benchSigner],
  ['approval', benchApproval],
  ['gateway', benchGateway],
  ['re-sign', (samples) => benchReSign({ samples, sizes, workers, type })],
  ['root-update', () => benchRootUpdate({ sizes })],
]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    samples: { type: 'string' },
    documents: { type: 'string' },
    workers: { type: 'string' },
    type: { type: 'string' },
  },
});
const samples = wholeNumber(values.samples);
const workers = wholeNumber(values.workers) ?? 1;
const sizes = values.documents?.split(',').map((size) => wholeNumber(size) ?? usage());
const type = KEY_TYPES.find((known) => known === values.type) ?? (values.type === undefined ? undefined : usage());
if (positionals.some((name) => !BENCHMARKS.has(name))) usage();

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) : usage();
}

function usage(): never {
  console.error(`usage: npm run bench [-- ${[...BENCHMARKS.keys()].join('|')} … [--samples N]]`);
  process.exit(2);
}

const [cpu] = cpus();
console.log(`Node ${process.version} · ${cpus().length} × ${cpu?.model ?? 'CPU'}`);
console.log('Baseline and candidate take turns in one run; ratios are what counts.');
for (const [name, run] of BENCHMARKS) {
  if (positionals.length === 0 || positionals.includes(name)) await run(samples);
}
