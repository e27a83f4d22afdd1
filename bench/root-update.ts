/**
 * A rotation of the targets key through the whole installation, with many production documents of 20 kB: asked for, read by officers,
 * signed, delivered, and the published chain fetched back. There is no baseline for it: it says where the time goes, how much memory
 * each program took, and that it works.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatTable } from '../src/cli/terminal/table.js';
import { NAMESPACES } from '../src/approval/index.js';
import { verifyDossier } from '../src/dossier/index.js';
import { formatRootChanges } from '../src/factory/index.js';
import { softKey } from '../test/support/ssh-forge.js';
import { tufKey } from '../test/support/tuf-key.js';
import { closingOnError } from './closing.js';
import { openFactory } from './factory-process.js';
import { memoryBytes } from './process-account.js';
import { productionDocument } from './production-document.js';
import { establishTrust, logIn, startService } from './site.js';
import { FACTORY, openBenchToken, startSigner } from './signer-process.js';

const SIZES = [100, 1_000, 10_000];
const WAIT_SECONDS = 30;
const REASON = 'a measurement';

export async function benchRootUpdate({ sizes = SIZES }: { readonly sizes: readonly number[] | undefined }) {
  for (const size of sizes) await rotate(size);
}

async function rotate(size: number): Promise<void> {
  const installation = await closingOnError(async (closing) => {
    const token = await openBenchToken('ed25519', closing);
    const rootKey = await token.makeRootKey();
    const outgoing = tufKey();
    const documents = Array.from({ length: size }, (_, index) => productionDocument(index, [outgoing]));
    const production = join(token.folder, 'production.json');
    writeFileSync(
      production,
      JSON.stringify(Object.fromEntries(documents.map(({ tag, bytes }) => [tag, bytes.toString()]))),
    );
    const factory = await openFactory({ root: [rootKey.key], targets: [outgoing.key] }, closing, production);
    const officers = { alice: softKey('ssh-ed25519'), bob: softKey('ssh-ed25519'), carol: softKey('ssh-ed25519') };
    const trust = await establishTrust(factory, officers);
    const signer = await startSigner(token, trust, closing, [rootKey]);
    const service = await startService(token.folder, factory, trust, signer.socketPath, closing);
    return { officers, trust, signer, service };
  });
  const { officers, trust, signer, service } = installation;
  const rows: [string, string][] = [];
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const startedMs = performance.now();
    const result = await work();
    rows.push([name, `${((performance.now() - startedMs) / 1000).toFixed(1)} s`]);
    return result;
  };
  try {
    const alice = await logIn(service.url, officers.alice);
    const bob = await logIn(service.url, officers.bob);
    const carol = await logIn(service.url, officers.carol);
    const intentions = [{ op: 'rotate-key', role: 'targets' } as const];
    const { request } = await step('asked for, worked out, stored', () =>
      carol.submitRootUpdate(FACTORY, { intentions, reason: REASON }),
    );
    const { id } = request;
    const read = await step('read and verified by an officer', () =>
      verifyDossier(alice.dossier(id), trust.pins, new Date()),
    );
    if (read.kind !== 'root') throw new Error('the dossier is of another kind');
    rows.push(['lines that the officer reads', String(formatRootChanges(read.summary).split('\n').length)]);
    rows.push(['its statement', `${(read.statementText.length / 1e6).toFixed(2)} MB`]);
    const approve = (key: typeof officers.alice) => ({ sshsig: key.sign(NAMESPACES.approve, read.statementText) });
    await step('first approval', () => alice.approve(id, approve(officers.alice)));
    await step('second approval', () => bob.approve(id, approve(officers.bob)));
    await step('signed, delivered, fetched back and verified', async () => {
      for (;;) {
        const { state, lastError } = await bob.request(id, { waitSeconds: WAIT_SECONDS });
        if (state === 'delivered') return;
        if (state !== 'open' && state !== 'signed') throw new Error(`${state}: ${lastError?.message ?? ''}`);
        if (lastError !== undefined) console.log(`meanwhile: ${lastError.code} ${lastError.message}`);
      }
    });
    await step('evidence read and verified', async () => {
      const { signatures } = await verifyDossier(alice.evidence(id), trust.pins, new Date());
      if (signatures.length !== size + 2) throw new Error(`${signatures.length} signatures stand in the evidence`);
    });
    for (const [name, pid] of [
      ['service', service.pid],
      ['signer', signer.pid],
    ] as const) {
      rows.push([`peak memory of the ${name}`, `${(memoryBytes('VmHWM', pid) / 1e6).toFixed(0)} MB`]);
    }
  } finally {
    await installation.close();
  }
  console.log(formatTable([`rotation with ${size} documents, Ed25519`, ''], rows));
}
