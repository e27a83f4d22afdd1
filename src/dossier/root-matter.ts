import { CountersignError } from '../errors.js';
import {
  checkTargetsDocument,
  documentName,
  planRootUpdate,
  ReSigning,
  type DescribedDocument,
  type Repository,
  type RootBase,
  type RootChange,
  type RootPlan,
  type TargetsDocument,
} from '../factory/index.js';
import { requireThreshold, verifyTargets, type RootMetadata, type TargetsMetadata } from '../tuf/index.js';
import type { BaseTargets } from './base-targets.js';
import { offlineTargetsKeyids } from './check-sign.js';
import { baseMismatch, requireTargetsOf } from './require-base.js';
import type { BaseDocument } from './verified-dossier.js';

/** What is kept of a document that is signed again: its bytes, and not its values. */
export interface KeptDocument extends Omit<DescribedDocument, 'adopted'> {
  readonly bytes: Buffer;
}

/**
 * What a root update is about: its roots, and the targets documents of the Factory, which are taken one by one and judged
 * as they come. Kept of them is what is to be signed, and of the others what they are.
 */
export class RootMatter {
  readonly base: RootBase;
  readonly plan: RootPlan;
  readonly baseDocuments: BaseDocument[] = [];
  readonly reSigned: KeptDocument[] = [];
  readonly described: DescribedDocument[] = [];
  readonly #reSigning: ReSigning;
  readonly #adopted: ReadonlySet<string>;
  #last: readonly [kind: number, name: string] | null = null;

  /**
   * @param roots in force, verified
   * @throws THRESHOLD_NOT_MET, SIGNATURE_DUPLICATE_KEYID, ROOT_ONLINE_KEY the CI targets do not tell the Factory's own key
   * @throws as planRootUpdate
   */
  constructor(
    readonly changes: readonly RootChange[],
    roots: Readonly<Record<Repository, RootMetadata>>,
    ciTargets: TargetsMetadata,
  ) {
    this.base = {
      ci: roots.ci.signed,
      production: roots.production.signed,
      onlineTargetsKeyid: findOnlineTargetsKey(roots.ci, ciTargets),
    };
    this.plan = planRootUpdate(changes, this.base);
    this.#reSigning = new ReSigning(changes, this.base);
    this.#adopted = new Set(this.plan.intent.adopt.map(documentName));
  }

  /**
   * Takes the next one of the Factory's targets documents: production targets ascending by tag, then those of active Waves
   * ascending by Wave. That it may have expired is no obstacle: it is not what an update is about.
   *
   * @throws STATEMENT_BASE_MISMATCH out of order, or of another tag; THRESHOLD_NOT_MET, SIGNATURE_DUPLICATE_KEYID
   * @throws as reSignDocuments
   */
  take(document: BaseTargets): void {
    const { tag, wave, version, expires, sha256, signedBy } = document;
    this.#requireOrder(document);
    this.#requireSigned(document);
    if (!document.isOfTag) requireTargetsOf(tag, document.metadata(), basePath(document));
    this.baseDocuments.push({ tag, wave, version, sha256, signedBy });
    const signing = this.#reSigning.take(document, signedBy);
    if (signing === null) return;
    const { sign, adopted } = signing;
    const described = { tag, wave, version, expires, sha256, sign };
    this.described.push({ ...described, adopted: adopted ? document.metadata().signed : null });
    this.reSigned.push({ ...described, bytes: document.signedBytes() });
  }

  /** After the last document. @throws RE_SIGN_DOCUMENT_UNKNOWN */
  end(): void {
    this.#reSigning.end();
  }

  /**
   * As a device verifies it. But what is adopted is adopted because it lacks offline signatures; and while there is no
   * offline key, there is nobody who could have made one.
   */
  #requireSigned(document: BaseTargets): void {
    if (document.isSignedByEnough) return;
    const { production, onlineTargetsKeyid } = this.base;
    const lacksOffline =
      this.#adopted.has(documentName(document)) || offlineTargetsKeyids(production, [onlineTargetsKeyid]).length === 0;
    if (lacksOffline && document.signedBy.includes(onlineTargetsKeyid)) return;
    requireThreshold(checkTargetsDocument({ metadata: document.metadata() }, this.base), production);
  }

  #requireOrder(document: BaseTargets): void {
    const { tag, wave } = document;
    const place = [wave === null ? 0 : 1, wave ?? tag] as const;
    const last = this.#last;
    this.#last = place;
    if (last === null || last[0] < place[0] || (last[0] === place[0] && last[1] < place[1])) return;
    throw baseMismatch(basePath(document), 'production targets come ascending by tag, then those of Waves, each once');
  }
}

/** Where a targets document stands below `/base` of a statement. */
export function basePath({ tag, wave }: Pick<TargetsDocument, 'tag' | 'wave'>): readonly string[] {
  return wave === null ? ['targets', tag] : ['waves', wave];
}

/** CI targets are signed by the Factory alone: whose key signed them is the online targets key. */
function findOnlineTargetsKey(ciRoot: RootMetadata, ciTargets: TargetsMetadata): string {
  const { signed } = verifyTargets(ciRoot, ciTargets);
  const [keyid, another] = signed;
  if (keyid !== undefined && another === undefined) return keyid;
  throw new CountersignError('ROOT_ONLINE_KEY', 'the CI targets are signed by more than the online targets key', {
    pointer: '/base/ciTargets',
    details: { keyids: signed },
  });
}
