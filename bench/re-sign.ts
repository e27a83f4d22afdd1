/**
 * A rotation of the targets key: all production documents, of 20 kB each, signed again through the whole signer (over its socket: the
 * dossier verified, intent and signatures in the journal and on the disk, each signature verified) against a loop of C_Sign over
 * as many documents, in as many processes as the signer has workers. Half of the loop runs before, half after. These processes run from
 * beginning to end, and so does the signer.
 * Wanted from 100 documents on: 0.9 of the loop's rate with RSA-4096, 0.6 with Ed25519; time grows as count to the power of 1.05 at most.
 * Meant is a signer that has signed such updates before (for other requests, so everything is made anew) and was shown this one before the last
 * approval, as the service does at each number of approvals. Its rate is the median over the samples, each against the two halves of the loop
 * around it: what else the machine does comes and goes within a run. An update that it has never seen, as the first thing after its start, is what
 * is left when it was restarted in between; it has no loop around it, so there the medians of both are compared.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { formatTable } from '../src/cli/terminal/table.js';
import { keyProofPayload, readDossierLines, writeRootDossier } from '../src/dossier/index.js';
import type { TargetsDocument } from '../src/factory/index.js';
import type { KeyType, SignerClient, SignResult } from '../src/signer/index.js';
import { newRequestId } from '../src/signing/request-id.js';
import { parseTargets, type Signature, verifySignature } from '../src/tuf/index.js';
import { CHANGELOG, KEYS, replaceKey } from '../test/support/root-base.js';
import { createRootFixture, type RootDossierOptions } from '../test/support/root-fixture.js';
import { tufKey, type TufKey } from '../test/support/tuf-key.js';
import { productionDocument } from './production-document.js';
import { closingOnError } from './closing.js';
import { quantile, timed } from './measure.js';
import { cpuMs, memoryBytes } from './process-account.js';
import type { RawToken } from './raw-token.js';
import { type BenchToken, FACTORY, openBenchToken, startSigner, TOKEN_LABEL } from './signer-process.js';

export interface ReSignOptions {
  readonly samples: number | undefined;
  /** How many documents; several, ascending. */
  readonly sizes: readonly number[] | undefined;
  readonly workers: number;
  /** Both unless given. */
  readonly type: KeyType | undefined;
}

export const KEY_TYPES: readonly KeyType[] = ['rsa4096', 'ed25519'];
/** Enough in the policy of the fixture. */
const OFFICERS = ['alice', 'bob'];
const SIZES = [10, 100, 1_000, 10_000];
const READ_BYTES = 1024 * 1024;
/** So many documents are signed before any are measured, in at most so many updates: until then V8's compiler takes a processor now and then. */
const WARM_UP_DOCUMENTS = 3_000;
const WARM_UPS = 30;
const SAMPLES = new Map([
  [10, 10],
  [100, 25],
  [1_000, 5],
]);

export async function benchReSign({ samples, sizes = SIZES, workers, type: wanted }: ReSignOptions): Promise<void> {
  // quick to make: what the key is that goes, matters little
  const outgoing = tufKey();
  const all = Array.from({ length: Math.max(...sizes) }, (_, index) => productionTargets(index, outgoing));
  for (const type of wanted === undefined ? KEY_TYPES : [wanted]) {
    const bench = await closingOnError(async (closing) => {
      const token = await openBenchToken(type, closing, workers);
      const others = await Promise.all(Array.from({ length: workers - 1 }, () => token.openRaw()));
      return { token, raws: [token.raw, ...others] };
    });
    try {
      const measured: Measured[] = [];
      for (const size of sizes) {
        const count = samples ?? SAMPLES.get(size) ?? 1;
        const subject = await makeSubject(bench.token, outgoing, all.slice(0, size), count);
        const own = emptyMeasured(size);
        measured.push(own);
        await measure(bench, subject, own);
      }
      print(type, workers, measured);
    } finally {
      await bench.close();
    }
  }
}

interface Bench {
  readonly token: BenchToken;
  readonly raws: readonly RawToken[];
}

/** Milliseconds of all documents together. */
interface Measured {
  readonly size: number;
  readonly raw: number[];
  /** Signing a dossier that the signer has never seen, as its first one. */
  readonly atOnce: number[];
  /** Signing a later one, which it was shown before the last approval. */
  readonly ahead: number[];
  /** Being shown it, */
  readonly verifying: number[];
  /** and again with one more approval. */
  readonly verifyingAgain: number[];
  /** What of these times processors were at work: of the loop, of signer and workers at `ahead`. */
  readonly rawCpu: number[];
  readonly signerCpu: number[];
  readonly workersCpu: number[];
  peakBytes: number;
}

/** A rotation, asked for several times. The whole dossiers are in files. */
interface Subject {
  readonly documents: readonly TargetsDocument[];
  readonly trust: Parameters<typeof startSigner>[1];
  /** A request, approved. */
  readonly first: string;
  /** Others, to warm up with, */
  readonly warmUps: readonly AskedFor[];
  /** and one for each sample. */
  readonly others: readonly AskedFor[];
}

interface AskedFor {
  /** As the signer is shown it, */
  readonly whole: string;
  /** and without its targets, as it is shown it again with one approval, */
  readonly once: readonly string[];
  /** and as it is to sign it. */
  readonly approved: readonly string[];
}

async function makeSubject(
  token: BenchToken,
  outgoing: TufKey,
  documents: readonly TargetsDocument[],
  samples: number,
): Promise<Subject> {
  const { keyid, key } = token.key;
  // this key is in the token; all that it signs here is its proof
  let proof: Signature = { keyid, method: '', sig: '' };
  const incoming: TufKey = { keyid, key, sign: () => proof };
  const fixture = createRootFixture({
    now: new Date(),
    targets: [outgoing],
    newKeys: [incoming],
    tokens: [{ label: TOKEN_LABEL, serial: null, roles: ['targets'] }],
    documents,
  });
  const service = fixture.pins.policySha256;
  const proving = keyProofPayload({ factory: FACTORY, keyid, role: 'targets', service });
  const { method, sig } = await token.raw.sign(proving, 1);
  proof = { keyid, method, sig };
  const changes = [replaceKey('targets', outgoing, incoming), CHANGELOG];
  const write = async (name: string, dossier: RootDossierOptions): Promise<string> => {
    const path = join(token.folder, name);
    // on the disk now, or it would be on its way there while the journal's lines are
    await pipeline(writeRootDossier(fixture.parts(dossier)), createWriteStream(path, { flush: true }));
    return path;
  };
  const abridge = async (dossier: RootDossierOptions): Promise<string[]> => {
    const lines: string[] = [];
    for await (const line of writeRootDossier({ ...fixture.parts(dossier), targets: [] })) lines.push(line);
    return lines;
  };
  const others: AskedFor[] = [];
  const warmUps = Math.min(WARM_UPS, Math.floor(WARM_UP_DOCUMENTS / documents.length));
  while (others.length < warmUps + samples) {
    const id = newRequestId(new Date());
    const update = await fixture.update(changes, { input: (input) => ({ ...input, id }) });
    others.push({
      whole: await write(id, { update, approvals: [] }),
      once: await abridge({ update, approvals: OFFICERS.slice(0, 1) }),
      approved: await abridge({ update, approvals: OFFICERS }),
    });
  }
  return {
    ...{ documents, trust: { policy: fixture.officers.policyText, pins: fixture.pins } },
    ...{ warmUps: others.slice(0, warmUps), others: others.slice(warmUps) },
    first: await write('first', { update: await fixture.update(changes), approvals: OFFICERS }),
  };
}

/** Read when it is looked at: the values of thousands would fill the memory. */
function productionTargets(index: number, outgoing: TufKey): TargetsDocument {
  const { tag, bytes } = productionDocument(index, [outgoing, KEYS.online]);
  return {
    ...{ tag, wave: null },
    get metadata() {
      return parseTargets(bytes);
    },
  };
}

/** One signer does all that it is shown before; what it has never seen, each time one that has just been started. Journals are empty at first. */
async function measure({ token, raws }: Bench, subject: Subject, own: Measured): Promise<void> {
  const startAndSign = () => startAndSignFirst(token, subject, own);
  const lasting = await startAndSign();
  try {
    const { client } = lasting;
    const workers = await workersOf(lasting);
    const cpuOfRaws = (): number => sum(raws.map(({ pid }) => cpuMs(pid)));
    const cpu = (): [signer: number, workers: number] => [cpuMs(lasting.pid), sum(workers.map(cpuMs))];
    const sign = async ({ approved }: AskedFor): Promise<void> =>
      requireSigned(token, subject, await client.sign(notHeld(), null, approved));
    for (const asked of subject.warmUps) {
      await client.verify(linesOf(asked.whole));
      await client.verify(notHeld(), asked.once);
      await sign(asked);
    }
    for (const asked of subject.others) {
      const rawCpuBefore = cpuOfRaws();
      const rawBefore = await rawTime(raws, subject, 0.5);
      await timed(own.verifying, () => client.verify(linesOf(asked.whole)));
      await timed(own.verifyingAgain, () => client.verify(notHeld(), asked.once));
      const before = cpu();
      await timed(own.ahead, () => sign(asked));
      const after = cpu();
      own.signerCpu.push(after[0] - before[0]);
      own.workersCpu.push(after[1] - before[1]);
      own.raw.push(rawBefore + (await rawTime(raws, subject, 0.5)));
      own.rawCpu.push(cpuOfRaws() - rawCpuBefore);
    }
    own.peakBytes = memoryBytes('VmHWM', lasting.pid);
  } finally {
    await lasting.close();
  }
  while (own.atOnce.length < subject.others.length) await (await startAndSign()).close();
}

function startAndSignFirst(token: BenchToken, subject: Subject, own: Measured) {
  return closingOnError(async (closing) => {
    const signer = await startSigner(token, subject.trust, closing);
    const { client } = signer;
    await timed(own.atOnce, async () => requireSigned(token, subject, await client.sign(linesOf(subject.first))));
    return signer;
  });
}

async function workersOf({ client }: { client: SignerClient }): Promise<number[]> {
  const { tokens } = await client.status();
  return tokens.flatMap(({ workers }) => workers.flatMap(({ pid }) => pid ?? []));
}

/** In the place of a whole dossier that is not to be asked for. */
function* notHeld(): Generator<string> {
  yield* [];
  throw new Error('the signer does not hold what it was shown');
}

/** How long C_Sign takes for that share of the documents, all processes at once. */
async function rawTime(raws: readonly RawToken[], { documents }: Subject, share: number): Promise<number> {
  const [document] = documents;
  if (document === undefined) throw new Error('there is no document');
  const { signedBytes } = document.metadata;
  const wanted = documents.length * share;
  const count = Math.ceil(wanted / raws.length);
  const times = await Promise.all(raws.map(async (raw) => (await raw.sign(signedBytes, count)).timesMs));
  const longest = Math.max(...times.map(sum));
  return (longest * wanted) / (count * raws.length);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function linesOf(path: string): AsyncIterable<string> {
  return readDossierLines(createReadStream(path, { highWaterMark: READ_BYTES }));
}

/** The two roots are signed by a key elsewhere. */
function requireSigned({ key }: BenchToken, { documents }: Subject, { signatures }: SignResult): void {
  if (signatures.length !== documents.length) throw new Error(`${signatures.length} signatures came`);
  // the signer verified all; a few are looked at, so that a benchmark of something broken fails
  for (const index of new Set([0, documents.length >> 1, documents.length - 1])) {
    const signature = signatures.find(({ document }) => document === index + 2);
    const document = documents[index];
    if (signature === undefined || document === undefined) throw new Error(`document ${index} is not signed`);
    verifySignature(key.key, signature, document.metadata.signedBytes);
  }
}

function emptyMeasured(size: number): Measured {
  return {
    ...{ size, raw: [], atOnce: [], ahead: [], verifying: [], verifyingAgain: [] },
    ...{ rawCpu: [], signerCpu: [], workersCpu: [], peakBytes: 0 },
  };
}

function print(type: string, workers: number, measured: readonly Measured[]): void {
  console.log(
    `\n${type}: production documents of 20 kB signed again, ${workers} worker(s); milliseconds a document, medians`,
  );
  const perDocument = (times: readonly number[], { size }: Measured): string =>
    (quantile(times, 0.5) / size).toFixed(3);
  const rate = (times: readonly number[], { raw }: Measured, share = 0.5): string =>
    (quantile(raw, share) / quantile(times, share)).toFixed(2);
  const rateBesideLoop = ({ raw, ahead }: Measured): string =>
    quantile(
      ahead.map((time, index) => (raw[index] ?? Number.NaN) / time),
      0.5,
    ).toFixed(2);
  console.log(
    formatTable(
      [
        'documents',
        'samples',
        'C_Sign',
        'never seen',
        'rate',
        'seen before',
        'rate',
        'of minima',
        'being shown',
        'again',
      ],
      measured.map((one) => [
        String(one.size),
        String(one.raw.length),
        perDocument(one.raw, one),
        ...[perDocument(one.atOnce, one), rate(one.atOnce, one)],
        ...[perDocument(one.ahead, one), rateBesideLoop(one)],
        rate(one.ahead, one, 0),
        perDocument(one.verifying, one),
        perDocument(one.verifyingAgain, one),
      ]),
    ),
  );
  console.log(
    formatTable(
      ['documents', 'C_Sign: processor', 'seen before: workers', 'and signer', 'signer’s peak MB'],
      measured.map((one) => [
        String(one.size),
        ...[one.rawCpu, one.workersCpu, one.signerCpu].map((times) => perDocument(times, one)),
        (one.peakBytes / 1e6).toFixed(0),
      ]),
    ),
  );
  const first = measured.find(({ size }) => size >= 100);
  const last = measured.at(-1);
  if (first === undefined || last === undefined || first === last) return;
  const exponent = (times: (one: Measured) => readonly number[]): string => {
    const growth = Math.log(quantile(times(last), 0.5) / quantile(times(first), 0.5));
    return (growth / Math.log(last.size / first.size)).toFixed(2);
  };
  console.log(
    `time grows as count to the power of ${exponent(({ atOnce }) => atOnce)} (never seen), ` +
      `${exponent(({ ahead }) => ahead)} (seen before), from ${first.size} to ${last.size} documents`,
  );
}
