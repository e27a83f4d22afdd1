/**
 * An offline bundle over the Factory of `factory-fixture`, and dossiers of it. Everything is right as it comes out; a test
 * breaks the one thing it is about.
 *
 *   createBundleFixture().dossier();                        // beside the fixture's production targets
 *   bundlesOver(fixture, targets).dossier();                // beside others, of a fixture made with `allowBundles`
 */
import {
  buildBundleStatement,
  writeBundleDossier,
  type BundleDossierParts,
  type BundleStatement,
} from '../../src/dossier/index.js';
import type { Policy } from '../../src/policy/index.js';
import {
  encodeCanonical,
  encodeText,
  formatTime,
  parseOfflineBundle,
  serializeMetadata,
  type OfflineBundleMetadata,
  type TargetsMetadata,
} from '../../src/tuf/index.js';
import { createFixture, metadataText, type Fixture, type FixtureOptions } from './factory-fixture.js';
import type { TufKey } from './tuf-key.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const REQUEST_ID = 'req_01jd9v3q5w8x2y4z6a7b9c1d4f';

export interface BundleContent {
  readonly type?: 'ci' | 'prod';
  readonly tag?: string;
  readonly targets?: readonly string[];
  readonly expires?: string;
  readonly version?: number;
  /** Put into `signed` besides. */
  readonly more?: object;
  /** The Factory's own key unless given. */
  readonly signedBy?: readonly TufKey[];
}

export interface BundleDossierOptions {
  readonly bundle?: Buffer;
  readonly targets?: TargetsMetadata;
  readonly sign?: readonly string[];
  readonly id?: string;
  readonly approvals?: readonly string[];
  readonly rejections?: readonly string[];
  /** Signed by the offline key made in the fixture, at that time. */
  readonly signedAt?: Date;
  readonly created?: Date;
  readonly changeStatement?: (statement: BundleStatement) => unknown;
  readonly parts?: (parts: BundleDossierParts) => BundleDossierParts;
}

export interface BundleFixture {
  readonly fixture: Fixture;
  /** Which stand beside the bundle. */
  readonly targets: TargetsMetadata;
  /** `bundle-targets.json` */
  bundle(content?: BundleContent): Buffer;
  statement(options?: BundleDossierOptions): { text: string; statement: BundleStatement };
  dossier(options?: BundleDossierOptions): string[];
  /** The bundle with the offline signature appended. */
  signed(bundle: Buffer): Buffer;
}

/** A policy that knows bundles besides. */
export function allowBundles(policy: Policy): Policy {
  return {
    ...policy,
    kinds: { ...policy.kinds, bundle: { quorum: 2, maxExpiresDays: 30, singleOfficer: false } },
  };
}

export function createBundleFixture(options: FixtureOptions = {}): BundleFixture {
  const fixture = createFixture({ changePolicy: allowBundles, ...options });
  if (fixture.productionTargets === null) throw new Error('a bundle goes with production targets');
  return bundlesOver(fixture, fixture.productionTargets);
}

export function bundlesOver(fixture: Fixture, targets: TargetsMetadata): BundleFixture {
  const { keys, now } = fixture;

  const bundle: BundleFixture['bundle'] = (content = {}) => {
    const signed = {
      _type: 'Targets',
      expires: content.expires ?? formatTime(new Date(now.getTime() + 30 * DAY_MS)),
      version: content.version ?? 1,
      'x-fio-offline-bundle': {
        type: content.type ?? 'prod',
        tag: content.tag ?? fixture.tag,
        targets: content.targets ?? Object.keys(targets.signed.targets),
      },
      ...content.more,
    };
    const signedBytes = encodeCanonical(signed);
    const signatures = (content.signedBy ?? [keys.online]).map((key) => key.sign(signedBytes));
    return serializeMetadata({ signatures, signedBytes });
  };

  const statement: BundleFixture['statement'] = (asked = {}) => {
    const [ci, production] = [fixture.roots.ci.at(-1), fixture.roots.production.at(-1)];
    if (ci === undefined || production === undefined) throw new Error('the fixture has roots');
    const created = asked.created ?? now;
    const built = buildBundleStatement({
      service: fixture.policy.sha256,
      policy: fixture.policy,
      factory: fixture.factory,
      id: asked.id ?? REQUEST_ID,
      requester: { name: 'ci', via: 'ci' },
      reason: 'sticks for site 7',
      created,
      expires: new Date(created.getTime() + DAY_MS),
      roots: { ci, production },
      ciTargets: fixture.ciTargets,
      targets: asked.targets ?? targets,
      bundle: parseOfflineBundle(asked.bundle ?? bundle()),
      sign: asked.sign ?? fixture.offlineKeyids,
    });
    if (asked.changeStatement === undefined) return built;
    return { ...built, text: encodeText(asked.changeStatement(structuredClone(built.statement))) };
  };

  const parsed = (file: Buffer): OfflineBundleMetadata => parseOfflineBundle(file);

  return {
    fixture,
    targets,
    bundle,
    statement,
    dossier: (asked = {}) => {
      const file = asked.bundle ?? bundle();
      const { text } = statement({ ...asked, bundle: file });
      const parts: BundleDossierParts = {
        policies: [fixture.policyText],
        roots: fixture.rootTexts,
        statement: text,
        approvals: (asked.approvals ?? ['alice', 'bob']).map((person) => fixture.approve(person, text)),
        rejections: (asked.rejections ?? []).map((person) => fixture.reject(person, text, 'not this week')),
        ciTargets: metadataText(fixture.ciTargets),
        targets: { tag: fixture.tag, text: metadataText(asked.targets ?? targets) },
        bundle: file.toString('utf8'),
        signatures: asked.signedAt === undefined ? [] : fixture.sign(parsed(file).signedBytes, asked.signedAt),
      };
      return [...writeBundleDossier(asked.parts === undefined ? parts : asked.parts(parts))];
    },
    signed: (file) => {
      const { signatures, signedBytes } = parsed(file);
      const [ours] = fixture.sign(signedBytes);
      if (ours === undefined) throw new Error('the fixture signs');
      const { keyid, method, sig } = ours;
      return serializeMetadata({ signatures: [...signatures, { keyid, method, sig }], signedBytes });
    },
  };
}
