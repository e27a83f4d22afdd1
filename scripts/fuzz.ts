/**
 * Random and mutated inputs against everything that reads what comes from outside (`test/fuzz`): 1,000,000 of them
 * unless `--runs N` says otherwise, spread over the targets by what one costs. `--seed N` repeats a run, `--target NAME`
 * takes only the targets whose names begin so.
 */
import { parseArgs } from 'node:util';
import { randomInt } from 'node:crypto';
import { runTarget } from '../test/fuzz/run-target.js';
import { allTargets } from '../test/fuzz/targets.js';

const { values } = parseArgs({
  options: { runs: { type: 'string' }, seed: { type: 'string' }, target: { type: 'string' } },
});
const runs = Number(values.runs ?? 1_000_000);
const seed = Number(values.seed ?? randomInt(2 ** 31));
const targets = allTargets().filter(({ name }) => name.startsWith(values.target ?? ''));
if (targets.length === 0) throw new Error(`no target is called ${values.target ?? ''}`);
const shares = targets.reduce((sum, { share }) => sum + share, 0);
console.log(`fuzz: seed ${seed}, ${runs} inputs for ${targets.length} targets`);

let total = 0;
let failed = 0;
const started = Date.now();
for (const target of targets) {
  const began = Date.now();
  const wanted = Math.ceil((runs * target.share) / shares);
  let done = 0;
  const tell = (): string => {
    const seconds = (Date.now() - began) / 1000;
    return `${target.name}: ${done} of ${wanted} inputs, ${Math.round(done / seconds)} a second`;
  };
  const progress = setInterval(() => console.log(`  ${tell()}`), 15_000);
  try {
    await runTarget(target, { seed, runs: wanted, onProgress: (so) => (done = so) });
    console.log(tell());
  } catch (error) {
    failed += 1;
    console.error(error instanceof Error ? error.message : error);
  }
  clearInterval(progress);
  total += done;
}
const seconds = (Date.now() - started) / 1000;
console.log(`fuzz: ${total} inputs in ${seconds.toFixed(0)} s with seed ${seed}, ${failed} targets failed`);
// a target that failed while it was opened may have left a server behind
process.exit(failed === 0 ? 0 : 1);
