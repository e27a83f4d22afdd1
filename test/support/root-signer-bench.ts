/** A signer with a root token and a targets token, standby keys in both, and a Factory in memory whose roots it signs. */
import { readFileSync } from 'node:fs';
import type { SignResult } from '../../src/signer/index.js';
import type { JournalBody } from '../../src/signer/journal/index.js';
import { serializeMetadata } from '../../src/tuf/index.js';
import { metadataText } from './factory-fixture.js';
import { KEYS } from './root-base.js';
import {
  createRootFixture,
  type FixtureUpdate,
  type RootDossierOptions,
  type RootFixture,
  type RootFixtureOptions,
} from './root-fixture.js';
import { SignerSite } from './signer-bench.js';
import { softToken, type SoftToken, type SoftTokenKey } from './soft-token-pool.js';
import type { TufKey } from './tuf-key.js';

const [rootKey, nextRootKey] = KEYS.root;
const [targetsKey] = KEYS.targets;
const [standby] = KEYS.spare;

export interface RootSignerBench {
  readonly fixture: RootFixture;
  readonly root: SoftToken;
  readonly targets: SoftToken;
  readonly site: SignerSite;
  sign(options: RootDossierOptions): Promise<SignResult>;
  /** The new roots as the Factory publishes them, with these signatures. */
  publish(update: FixtureUpdate, made: Pick<SignResult, 'signatures'>): PublishedChains;
  /** The journal's lines of that type. */
  entries(type: string): Record<string, unknown>[];
}

interface PublishedChains {
  readonly factory: string;
  readonly roots: { readonly ci: string[]; readonly production: string[] };
}

export const asRoot = (pair: TufKey): SoftTokenKey => ({ pair, role: 'root' });

export async function rootSignerBench(options: RootFixtureOptions = {}, canary?: TufKey): Promise<RootSignerBench> {
  const fixture = createRootFixture(options);
  const root = softToken({ label: 'root', serial: '0001', keys: [asRoot(rootKey), asRoot(nextRootKey)] });
  const targets = softToken({
    serial: '0001',
    keys: [{ pair: targetsKey }, { pair: standby }],
    ...(canary === undefined ? {} : { canary }),
  });
  const { pins, now, officers, roots } = fixture;
  const site = await SignerSite.start({ policyText: officers.policyText, pins, now, pools: [root, targets] });
  await site.journal.append(now, signedBefore(fixture));
  return {
    ...{ fixture, root, targets, site },
    sign: async (asked) => site.signer.sign(await fixture.dossier(asked)),
    publish: ({ update }, { signatures }) => {
      const chain = (repository: 'ci' | 'production', document: number): string[] => {
        const made = signatures.filter((one) => one.document === document);
        const signed = made.map(({ keyid, method, sig }) => ({ keyid, method, sig }));
        const newest = serializeMetadata({ signatures: signed, signedBytes: update[repository] });
        return [...roots[repository].map(metadataText), newest.toString('utf8')];
      };
      return { factory: 'acme', roots: { ci: chain('ci', 0), production: chain('production', 1) } };
    },
    entries: (type) =>
      readFileSync(site.journalPath, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((entry) => entry['type'] === type),
  };
}

/** What the keys of the tokens signed in the days of an earlier journal. */
function signedBefore({ roots, documents }: RootFixture): JournalBody[] {
  const adopted = { type: 'adopted', factory: 'acme' } as const;
  const ofRoots = (['ci', 'production'] as const).map((repository): JournalBody => {
    const { sha256 = '' } = roots[repository].at(-1) ?? {};
    return { ...adopted, repository, role: 'root', tag: null, version: 3, sha256, keyid: rootKey.keyid };
  });
  const ofTargets = documents.map(({ tag, metadata: { sha256, signed } }): JournalBody => {
    const { version } = signed;
    return { ...adopted, repository: 'production', role: 'targets', tag, version, sha256, keyid: targetsKey.keyid };
  });
  return [...ofRoots, ...ofTargets];
}
