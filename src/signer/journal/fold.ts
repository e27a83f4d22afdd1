import type { Repository } from '../../factory/index.js';
import { parsePolicy, type SignedPolicy } from '../../policy/index.js';
import { parseRecovery, requireRecoveryApproved } from '../../recovery/index.js';
import { parseRoot, type RootMetadata } from '../../tuf/index.js';
import type { JournalEntry, JournalEntryOf, JournalHead } from './entry.js';
import {
  type AppliedRecovery,
  type DocumentLine,
  type Intent,
  isComplete,
  type SignerState,
  signatureName,
  type VersionDigest,
  type Watermark,
} from './state.js';

interface MutableIntent extends Intent {
  readonly signatures: Map<string, JournalEntryOf<'signature'>>;
}

interface MutableWatermark extends Watermark {
  published: VersionDigest | null;
  base: VersionDigest | null;
  readonly issued: VersionDigest[];
}

/**
 * The state after an `init` line; every later line is given to `apply` in its order. The journal owns the fold and hands
 * it out as SignerState, which cannot be written.
 */
export class StateFold implements SignerState {
  head: JournalHead;
  readonly service: string;
  readonly firstRoots: ReadonlyMap<string, string>;
  readonly policies: SignedPolicy[] = [];
  readonly keys = new Map<string, JournalEntryOf<'key'>>();
  readonly intents = new Map<string, MutableIntent>();
  readonly requests = new Map<string, string>();
  readonly vetoes = new Map<string, JournalEntryOf<'veto'>[]>();
  readonly recoveries: AppliedRecovery[] = [];
  readonly #roots = new Map<string, RootMetadata[]>();
  readonly #watermarks = new Map<string, MutableWatermark>();
  readonly #freezes = new Map<string, JournalEntryOf<'freeze'>>();
  readonly #documents = new Set<string>();

  constructor(init: JournalEntryOf<'init'>) {
    this.head = headOf(init);
    this.service = init.service;
    this.firstRoots = new Map(Object.entries(init.roots));
  }

  get watermarks(): Iterable<Watermark> {
    return this.#watermarks.values();
  }

  get frozen(): Iterable<JournalEntryOf<'freeze'>> {
    return this.#freezes.values();
  }

  rootsOf(factory: string, repository: Repository): readonly RootMetadata[] {
    return this.#roots.get(nameOf(factory, repository)) ?? [];
  }

  watermarkOf(line: DocumentLine): Watermark | null {
    return this.#watermarks.get(lineName(line)) ?? null;
  }

  freezeOf(factory: string, role: 'root' | 'targets'): JournalEntryOf<'freeze'> | null {
    return this.#freezes.get(nameOf(factory, role)) ?? null;
  }

  knowsDocument(keyid: string, sha256: string): boolean {
    return this.#documents.has(nameOf(keyid, sha256));
  }

  /**
   * Adds one entry that is in its place in the chain. Its content is checked too, as far as the entries before it say
   * what it must be; an Error says what is wrong with it.
   */
  apply(entry: JournalEntry): void {
    switch (entry.type) {
      case 'init':
        throw new Error('a journal begins only once');
      case 'policy':
        this.#policy(entry);
        break;
      case 'root':
        this.#root(entry);
        break;
      case 'key':
        this.keys.set(entry.keyid, entry);
        break;
      case 'intent':
        this.#intent(entry);
        break;
      case 'signature':
        this.#signature(entry);
        break;
      case 'veto':
        this.vetoes.set(entry.statement, [...(this.vetoes.get(entry.statement) ?? []), entry]);
        break;
      case 'published':
        this.#published(entry);
        break;
      case 'freeze':
        if (this.freezeOf(entry.factory, entry.role) === null)
          this.#freezes.set(nameOf(entry.factory, entry.role), entry);
        break;
      case 'recovery':
        this.#recovery(entry);
        break;
      case 'recovered':
        this.#recovered(entry);
        break;
      case 'adopted':
        this.#watermark(entry).issued.push({ version: entry.version, sha256: entry.sha256 });
        this.#documents.add(nameOf(entry.keyid, entry.sha256));
        break;
      case 'clock':
        if (entry.was !== this.head.at) throw new Error('it sets back another time than that of the line before it');
        break;
    }
    this.head = headOf(entry);
  }

  #policy(entry: JournalEntryOf<'policy'>): void {
    const policy = parsePolicy(entry.text);
    const last = this.policies.at(-1);
    const expected = last === undefined ? this.service : policy.sha256;
    if (policy.sha256 !== entry.sha256 || policy.sha256 !== expected) throw new Error('its policy is another one');
    if (policy.policy.version !== entry.version) throw new Error('its policy has another version');
    if (policy.policy.version !== (last?.policy.version ?? 0) + 1) throw new Error('a policy version is missing');
    this.policies.push(policy);
  }

  #root(entry: JournalEntryOf<'root'>): void {
    const root = parseRoot(Buffer.from(entry.text));
    if (root.sha256 !== entry.sha256 || root.signed.version !== entry.version)
      throw new Error('its root is another one');
    const name = nameOf(entry.factory, entry.repository);
    const chain = this.#roots.get(name) ?? [];
    const last = chain.at(-1);
    if (
      last === undefined
        ? root.sha256 !== this.firstRoots.get(entry.factory)
        : root.signed.version !== last.signed.version + 1
    ) {
      throw new Error('its root does not follow the one before it');
    }
    chain.push(root);
    this.#roots.set(name, chain);
  }

  #intent(entry: JournalEntryOf<'intent'>): void {
    if (this.intents.has(entry.statement)) throw new Error('its statement was decided before');
    this.intents.set(entry.statement, { entry, signatures: new Map(), recovered: null });
    this.#issue(entry);
  }

  #issue(entry: JournalEntryOf<'intent'>): void {
    this.requests.set(entry.id, entry.statement);
    for (const { repository, role, tag, version, sha256, sign } of entry.documents) {
      const watermark = this.#watermark({ factory: entry.factory, repository, role, tag });
      watermark.issued.push({ version, sha256 });
      for (const { key } of sign) this.#documents.add(nameOf(key, sha256));
    }
  }

  #signature(entry: JournalEntryOf<'signature'>): void {
    const intent = this.intents.get(entry.statement);
    const wanted = intent?.entry.documents.find((document) => document.index === entry.document);
    if (intent === undefined || wanted?.sign.some(({ keyid }) => keyid === entry.keyid) !== true) {
      throw new Error('no intent asked for its signature');
    }
    const name = signatureName(entry.document, entry.keyid);
    if (intent.signatures.has(name)) throw new Error('its signature was made before');
    intent.signatures.set(name, entry);
  }

  #recovery({ text, signatures, seq, at }: JournalEntryOf<'recovery'>): void {
    const recovery = parseRecovery(text);
    const policy = this.policies.at(-1);
    if (policy?.sha256 !== recovery.policy.sha256 || recovery.service !== this.service) {
      throw new Error('its officers are those of another policy');
    }
    const { persons } = requireRecoveryApproved({ text, signatures }, policy);
    for (const { factory, role, keyid, sha256 } of recovery.lifts) {
      const freeze = this.freezeOf(factory, role);
      if (freeze?.keyid === keyid && freeze.sha256 === sha256) this.#freezes.delete(nameOf(factory, role));
    }
    this.recoveries.push({ seq, at, reason: recovery.reason, persons });
  }

  #recovered(recovered: JournalEntryOf<'recovered'>): void {
    const { seq, prev, hash, decidedAt, factory, kind, id, statement, policy, persons, documents } = recovered;
    const known = this.intents.get(statement);
    if (known !== undefined && isComplete(known)) throw new Error('its statement was signed before');
    const place = { seq, prev, hash };
    const decision = { factory, kind, id, statement, policy, persons, documents };
    const entry: JournalEntryOf<'intent'> = { type: 'intent', ...place, at: decidedAt, ...decision };
    const signatures = new Map(
      recovered.signatures.map((one): [string, JournalEntryOf<'signature'>] => [
        signatureName(one.document, one.keyid),
        { type: 'signature', ...place, statement, ...one },
      ]),
    );
    this.intents.set(statement, { entry, signatures, recovered });
    this.#issue(entry);
  }

  #published(entry: JournalEntryOf<'published'>): void {
    const { factory, repository, role, tag, version, sha256 } = entry;
    const watermark = this.#watermark({ factory, repository, role, tag });
    if (version > (watermark.published?.version ?? 0)) watermark.published = { version, sha256 };
    if (entry.source === 'base' && version > (watermark.base?.version ?? 0)) watermark.base = { version, sha256 };
  }

  #watermark({ factory, repository, role, tag }: DocumentLine): MutableWatermark {
    const line = { factory, repository, role, tag };
    const name = lineName(line);
    const known = this.#watermarks.get(name);
    if (known !== undefined) return known;
    const watermark: MutableWatermark = { line, published: null, base: null, issued: [] };
    this.#watermarks.set(name, watermark);
    return watermark;
  }
}

function headOf({ seq, hash, at }: JournalEntry): JournalHead {
  return { seq, hash, at };
}

function lineName({ factory, repository, role, tag }: DocumentLine): string {
  return JSON.stringify([factory, repository, role, tag]);
}

function nameOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}
