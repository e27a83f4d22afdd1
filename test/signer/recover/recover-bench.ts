/** A signer whose journal is lost, put back or damaged, and the officers who approve its recovery. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { NAMESPACES } from '../../../src/approval/index.js';
import type { DossierOptions, Fixture, FixtureWave } from '../../support/factory-fixture.js';
import { parseRecoveryFile, serializeRecoveryFile, type RecoveryFile } from '../../../src/recovery/index.js';
import type { Published, PublishedRoots } from '../../../src/signer/protocol.js';
import {
  applyRecovery,
  draftRecovery,
  type ApplyRecoveryOptions,
  type EvidenceFile,
} from '../../../src/signer/recover/index.js';
import { initSigner } from '../../../src/signer/server/index.js';
import { serializePolicy } from '../../../src/policy/index.js';
import { metadataText } from '../../support/factory-fixture.js';
import { publishedBy, type SignerBench, type SignerSite } from '../../support/signer-bench.js';
import type { SoftToken } from '../../support/soft-token-pool.js';

/** A signer that can be stopped, with its officers and the keys in its tokens. */
export type RecoveryBench = Pick<SignerSite, 'stateDir' | 'journalPath' | 'now' | 'stop' | 'restart'> & {
  readonly fixture: Pick<Fixture, 'policyText' | 'pins' | 'sshsig'>;
  readonly token: Pick<SoftToken, 'keys'>;
};

export interface Inputs {
  readonly evidence?: readonly EvidenceFile[];
  readonly published?: readonly (Published | PublishedRoots)[];
}

/** Signs a Wave and gives its evidence as the service would; `changes` are made to the dossier's parts. */
export async function signWave(
  bench: SignerBench,
  wave: FixtureWave,
  { published = false, journal = true, ...more }: DossierOptions & { journal?: boolean } = {},
): Promise<EvidenceFile> {
  const { signatures } = await bench.signer.sign(bench.fixture.dossier({ wave }));
  const { lines } = await bench.signer.journalOf(wave.sha256);
  const text = published ? metadataText(publishedBy(bench, wave.document)) : null;
  const made = bench.fixture.dossier({
    wave,
    ...more,
    parts: (parts) => ({ ...parts, signatures, published: text, journals: journal ? [lines] : [] }),
  });
  return { name: wave.statement.id, lines: () => made };
}

/** What the Factory publishes of a document that the token signed. */
export function shown(bench: SignerBench, document: Buffer, wave?: string): Published {
  const { fixture } = bench;
  return {
    factory: fixture.factory,
    tag: fixture.tag,
    metadata: metadataText(publishedBy(bench, document)),
    roots: fixture.rootTexts,
    ...(wave === undefined ? {} : { wave }),
  };
}

export function copyJournal(bench: RecoveryBench): string {
  return readFileSync(bench.journalPath, 'utf8');
}

/** Stops the signer and puts an older journal in the place of the one that is there; null: it is lost, and begun anew. */
export async function putBack(bench: RecoveryBench, journal: string | null): Promise<void> {
  await bench.stop();
  if (journal !== null) {
    writeFileSync(bench.journalPath, journal);
    return;
  }
  rmSync(bench.journalPath);
  const { fixture, stateDir } = bench;
  const keys = await bench.token.keys();
  await initSigner({ stateDir, policies: [fixture.policyText], pins: fixture.pins, keys, now: bench.now });
}

export async function draft(bench: RecoveryBench, inputs: Inputs = {}): Promise<RecoveryFile> {
  const { stateDir, now, token } = bench;
  const text = await draftRecovery({
    ...{ stateDir, now, readKeys: () => token.keys(), reason: 'the disk died', lifetimeMs: 3_600_000 },
    ...{ evidence: [], published: [], ...inputs },
  });
  return parseRecoveryFile(text);
}

/** Signs a recovery as these officers; also with another text or namespace than the right one. */
export function signed(
  { fixture }: RecoveryBench,
  { recovery, policies, text }: RecoveryFile,
  persons: readonly string[] = ['alice', 'bob'],
  namespace: (typeof NAMESPACES)[keyof typeof NAMESPACES] = NAMESPACES.recover,
): RecoveryFile {
  const signatures = persons.map((person) => ({ person, sshsig: fixture.sshsig(person, namespace, text) }));
  return parseRecoveryFile(serializeRecoveryFile(recovery, policies.map(serializePolicy), signatures));
}

export async function apply(
  bench: RecoveryBench,
  file: RecoveryFile,
  inputs: Inputs = {},
  more: Partial<ApplyRecoveryOptions> = {},
): ReturnType<typeof applyRecovery> {
  const { stateDir, now, token } = bench;
  return applyRecovery({
    ...{ stateDir, now, readKeys: () => token.keys(), file },
    ...{ evidence: [], published: [], ...inputs },
    ...more,
  });
}

/** Draft, two signatures, apply, and the signer runs again. */
export async function recover(bench: RecoveryBench, inputs: Inputs): Promise<RecoveryFile> {
  const file = signed(bench, await draft(bench, inputs));
  await apply(bench, file, inputs);
  await bench.restart();
  return file;
}

/** The state directory as it is, to be put back by the function that is returned. */
export function snapshot({ stateDir }: RecoveryBench): () => void {
  const copy = `${stateDir}.copy`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(stateDir, copy, { recursive: true });
  return () => {
    rmSync(stateDir, { recursive: true });
    cpSync(copy, stateDir, { recursive: true });
  };
}
