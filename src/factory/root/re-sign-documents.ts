import { CountersignError } from '../../errors.js';
import type { Targets } from '../../tuf/index.js';
import { planRootUpdate } from './plan-root.js';
import type { RootPlan } from './root-plan.js';
import type { RootBase } from './root-base.js';
import type { RootChange, RootChangeOf } from './root-change.js';
import {
  checkTargetsDocument,
  documentName,
  offlineTargetsKeyids,
  standingSignatures,
  wantedSignatures,
  type StandingSignatures,
  type TargetsDocument,
} from './targets-document.js';

/** Which targets document it is, and of which version. */
export interface DocumentIdentity {
  readonly tag: string;
  readonly wave: string | null;
  readonly version: number;
  readonly sha256: string;
}

/** How a targets document is signed again. */
export interface SigningAgain {
  /** Keyids that are to sign it, ascending. */
  readonly sign: readonly string[];
  /** No offline key in force has signed it: what it says is approved with the update. */
  readonly adopted: boolean;
}

/** A targets document that an update signs again: byte for byte as it is, with its version and its expiry. */
export interface DocumentToSign extends SigningAgain {
  readonly tag: string;
  readonly wave: string | null;
  readonly signed: Targets;
  /** Canonical bytes of `signed`. */
  readonly signedBytes: Buffer;
  readonly sha256: string;
}

/**
 * Goes through all production and Wave targets of the Factory, one by one, and yields those that the update signs again. That
 * is how it has to be with each: signed again only if an offline key in force has signed it, or if it is adopted as
 * just this document; and, signed again or not, with as many offline signatures of the new root's keys as devices will want.
 *
 * @param documents every production targets document and every active Wave's, each once; at most one is held at a time
 * @throws SIGN_KEY_NOT_IN_ROLE, SIGN_KEY_ONLINE a key to sign with is no offline targets key of the new root
 * @throws ROOT_WAVE_ACTIVE a Wave is active, and the update takes an offline targets key away or changes online keys
 * @throws RE_SIGN_NOT_SIGNED, RE_SIGN_NEEDLESS, RE_SIGN_MISSING, ADOPTED_DOCUMENT_MISMATCH
 * @throws RE_SIGN_DOCUMENT_UNKNOWN at the end: a document that is to be signed was not among them
 * @throws INPUT_INVALID a document is named twice; and as planRootUpdate
 */
export function* reSignDocuments(
  changes: readonly RootChange[],
  base: RootBase,
  documents: Iterable<TargetsDocument>,
): Generator<DocumentToSign, void, undefined> {
  const reSigning = new ReSigning(changes, base);
  for (const document of documents) {
    const { tag, wave, metadata } = document;
    const { signed, signedBytes, sha256 } = metadata;
    const { version } = signed;
    const signing = reSigning.take({ tag, wave, version, sha256 }, checkTargetsDocument(document, base).signed);
    if (signing !== null) yield { tag, wave, signed, signedBytes, sha256, ...signing };
  }
  reSigning.end();
}

/** What `reSignDocuments` does, step by step, for whoever gets the documents one after the other from elsewhere. */
export class ReSigning {
  readonly #base: RootBase;
  readonly #plan: RootPlan;
  readonly #orders: ReadonlyMap<string, Order>;
  readonly #wanted: number;
  readonly #seen = new Set<string>();

  constructor(changes: readonly RootChange[], base: RootBase) {
    this.#base = base;
    this.#plan = planRootUpdate(changes, base);
    this.#orders = ordersOf(this.#plan);
    this.#wanted = wantedSignatures(base, this.#plan);
  }

  /**
   * @param signed keyids that have signed it, as `checkTargetsDocument` finds
   * @returns null for a document that stays as it is
   */
  take(document: DocumentIdentity, signed: readonly string[]): SigningAgain | null {
    const name = documentName(document);
    if (this.#seen.has(name)) throw new CountersignError('INPUT_INVALID', `${name}: there are two of them`);
    this.#seen.add(name);
    requireNoActiveWave(document, this.#plan);
    const standing = standingSignatures(signed, this.#base, this.#plan);
    const order = this.#orders.get(name);
    if (order !== undefined) requireOrderFits(order, document, standing);
    requireEnough(document, standing.after.length + (order?.sign.length ?? 0), this.#wanted);
    return order === undefined ? null : { sign: order.sign, adopted: order.adopt !== null };
  }

  /** After the last document. @throws RE_SIGN_DOCUMENT_UNKNOWN */
  end(): void {
    for (const name of this.#orders.keys()) {
      if (this.#seen.has(name)) continue;
      throw new CountersignError('RE_SIGN_DOCUMENT_UNKNOWN', `${name}: the Factory has no such document`, {
        details: { document: name },
      });
    }
  }
}

interface Order {
  readonly sign: readonly string[];
  readonly adopt: RootChangeOf<'adopt'> | null;
}

/** What the changes want done, by document. */
function ordersOf(plan: RootPlan): Map<string, Order> {
  const { reSign, adopt } = plan.intent;
  const orders = new Map<string, Order>();
  const put = (name: string, order: Order): void => {
    if (orders.has(name)) throw new CountersignError('INPUT_INVALID', `${name}: is to be signed by two changes`);
    orders.set(name, order);
  };
  for (const { sign, tags, waves } of reSign) {
    requireSigningKeys(sign, plan);
    for (const tag of tags) put(documentName({ tag, wave: null }), { sign, adopt: null });
    for (const wave of waves) put(documentName({ tag: '', wave }), { sign, adopt: null });
  }
  for (const change of adopt) {
    requireSigningKeys(change.sign, plan);
    put(documentName(change), { sign: change.sign, adopt: change });
  }
  return orders;
}

function requireSigningKeys(sign: readonly string[], { production, onlineTargetsKeyid }: RootPlan): void {
  const offline = offlineTargetsKeyids(production, onlineTargetsKeyid);
  for (const keyid of sign) {
    if (offline.includes(keyid)) continue;
    const code = keyid === onlineTargetsKeyid ? 'SIGN_KEY_ONLINE' : 'SIGN_KEY_NOT_IN_ROLE';
    throw new CountersignError(code, `${keyid} is no offline targets key of the new root`, { details: { keyid } });
  }
}

function requireNoActiveWave({ wave }: DocumentIdentity, { intent }: RootPlan): void {
  if (wave === null) return;
  const takesKey = intent.keys.some(({ role, op }) => role === 'targets' && op !== 'add-key');
  if (!takesKey && intent.onlineKeys.length === 0) return;
  throw new CountersignError('ROOT_WAVE_ACTIVE', `the Wave ${wave} is active`, {
    hint: 'offline targets keys are replaced or removed, and online keys replaced, once it is completed or cancelled',
    details: { wave },
  });
}

function requireOrderFits({ sign, adopt }: Order, document: DocumentIdentity, standing: StandingSignatures): void {
  const name = documentName(document);
  const twice = sign.find((keyid) => standing.after.includes(keyid));
  if (twice !== undefined) throw refusal('RE_SIGN_NEEDLESS', `${name}: is signed by ${twice} already`, name);
  if (adopt === null) {
    if (standing.before.length > 0) return;
    const message = `${name}: has no valid signature of an offline key in force`;
    throw refusal('RE_SIGN_NOT_SIGNED', message, name, 'read it, and adopt it if all that it says is right');
  }
  if (standing.before.length > 0) {
    throw refusal('RE_SIGN_NEEDLESS', `${name}: is signed by an offline key, so there is nothing to adopt`, name);
  }
  const { sha256, version, tag } = document;
  if (sha256 === adopt.sha256 && version === adopt.version && tag === adopt.tag) return;
  throw refusal('ADOPTED_DOCUMENT_MISMATCH', `${name}: is not the document that was to be adopted`, name);
}

function requireEnough(document: DocumentIdentity, count: number, wanted: number): void {
  if (count >= wanted) return;
  const name = documentName(document);
  throw refusal(
    'RE_SIGN_MISSING',
    `${name}: would be left with ${count} of ${wanted} offline signatures, and devices would refuse it`,
    name,
  );
}

function refusal(
  code: 'RE_SIGN_NEEDLESS' | 'RE_SIGN_NOT_SIGNED' | 'RE_SIGN_MISSING' | 'ADOPTED_DOCUMENT_MISMATCH',
  message: string,
  document: string,
  hint?: string,
): CountersignError {
  return new CountersignError(code, message, { details: { document }, ...(hint === undefined ? {} : { hint }) });
}
