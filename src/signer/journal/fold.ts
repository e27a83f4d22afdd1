import type { Repository } from '../../factory/index.js';
import { parsePolicy, type SignedPolicy } from '../../policy/index.js';
import { parseRecovery, requireRecoveryApproved } from '../../recovery/index.js';
import { parseRoot, type RootMetadata } from '../../tuf/index.js';
import type { JournalEntry, JournalEntryOf, JournalHead } from './entry.js';
import {
  type AppliedRecovery,
  type DocumentLine,
  type Intent,
  type IssuedDocument,
  isComplete,
  type MadeSignature,
  type SignerState,
  signatureName,
  type VersionDigest,
  type Watermark,
} from './state.js';

interface MutableIntent extends Intent {
  readonly signatures: Map<string, MadeSignature>;
}

/** Parts of an intent that has not come yet. */
interface PendingParts {
  readonly statement: string;
  readonly firstSeq: number;
  count: number;
  readonly documents: JournalEntryOf<'intent'>['documents'];
}

interface MutableWatermark extends Watermark {
  published: VersionDigest | null;
  base: VersionDigest | null;
  readonly issued: IssuedDocument[];
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
  readonly destroyed = new Map<string, JournalEntryOf<'destroy'>>();
  readonly requestKeys = new Map<string, JournalEntryOf<'request-key'>>();
  readonly #roots = new Map<string, RootMetadata[]>();
  readonly #watermarks = new Map<string, MutableWatermark>();
  readonly #freezes = new Map<string, JournalEntryOf<'freeze'>>();
  readonly #documents = new Set<string>();
  /** By the statement's digest: the names of the signatures that its intent asks for. */
  readonly #wanted = new Map<string, ReadonlySet<string>>();
  #parts: PendingParts | null = null;

  constructor(init: JournalEntryOf<'init'>) {
    this.head = headOf(init);
    this.service = init.service;
    this.firstRoots = new Map(Object.entries(init.roots));
  }

  get watermarks(): Iterable<Watermark> {
    return Array.from(this.#watermarks.values(), (mark) => this.#withRoot(mark));
  }

  get frozen(): Iterable<JournalEntryOf<'freeze'>> {
    return this.#freezes.values();
  }

  rootsOf(factory: string, repository: Repository): readonly RootMetadata[] {
    return this.#roots.get(nameOf(factory, repository)) ?? [];
  }

  watermarkOf(line: DocumentLine): Watermark | null {
    const mark = this.#watermarks.get(lineName(line));
    return mark === undefined ? null : this.#withRoot(mark);
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
    // parts whose intent does not follow were cut off by a crash, and decided nothing
    if (entry.type !== 'intent-part' && entry.type !== 'intent') this.#parts = null;
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
      case 'intent-part':
        this.#intentPart(entry);
        break;
      case 'signature':
        this.#signature(entry.statement, entry);
        break;
      case 'signatures':
        for (const one of entry.signatures) {
          const { seq, hash, at } = entry;
          this.#signature(entry.statement, { ...one, seq, hash, at });
        }
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
        this.#watermark(entry).issued.push({ version: entry.version, sha256: entry.sha256, statement: null });
        this.#documents.add(nameOf(entry.keyid, entry.sha256));
        break;
      case 'clock':
        if (entry.was !== this.head.at) throw new Error('it sets back another time than that of the line before it');
        break;
      case 'destroy':
        this.destroyed.set(entry.keyid, entry);
        break;
      case 'request-key':
        this.requestKeys.set(entry.keyid, entry);
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

  #intentPart({ statement, part, documents, seq }: JournalEntryOf<'intent-part'>): void {
    if (part === 0) this.#parts = { statement, firstSeq: seq, count: 0, documents: [] };
    if (this.#parts?.statement !== statement || this.#parts.count !== part)
      throw new Error('a part before it is missing');
    this.#parts.count += 1;
    this.#parts.documents.push(...documents);
  }

  #intent(own: JournalEntryOf<'intent'>): void {
    if (this.intents.has(own.statement)) throw new Error('its statement was decided before');
    const { entry, firstSeq } = this.#withParts(own);
    this.#putIntent({ entry, firstSeq, signatures: new Map(), recovered: null });
  }

  #withParts(entry: JournalEntryOf<'intent'>): Pick<Intent, 'entry' | 'firstSeq'> {
    const parts = this.#parts;
    this.#parts = null;
    if (entry.parts === undefined) return { entry, firstSeq: entry.seq };
    if (parts?.statement !== entry.statement || parts.count !== entry.parts)
      throw new Error('its parts are not all there');
    return { entry: { ...entry, documents: [...entry.documents, ...parts.documents] }, firstSeq: parts.firstSeq };
  }

  #putIntent(intent: MutableIntent): void {
    const { entry } = intent;
    this.intents.set(entry.statement, intent);
    this.requests.set(entry.id, entry.statement);
    const wanted = new Set<string>();
    for (const { index, repository, role, tag, version, sha256, sign } of entry.documents) {
      // what a root update signs again is published, and nothing new on its line; a bundle has none
      if (entry.kind === 'wave' || role === 'root') {
        const { factory, statement } = entry;
        this.#watermark({ factory, repository, role, tag }).issued.push({ version, sha256, statement });
      }
      for (const { key, keyid } of sign) {
        this.#documents.add(nameOf(key, sha256));
        wanted.add(signatureName(index, keyid));
      }
    }
    this.#wanted.set(entry.statement, wanted);
  }

  #signature(statement: string, made: MadeSignature): void {
    const intent = this.intents.get(statement);
    const name = signatureName(made.document, made.keyid);
    if (intent === undefined || this.#wanted.get(statement)?.has(name) !== true) {
      throw new Error('no intent asked for its signature');
    }
    if (intent.signatures.has(name)) throw new Error('its signature was made before');
    intent.signatures.set(name, made);
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
    const { seq, prev, hash, decidedAt, factory, kind, id, statement, policy, persons, documents, keys } = recovered;
    const known = this.intents.get(statement);
    if (known !== undefined && isComplete(known)) throw new Error('its statement was signed before');
    const place = { seq, prev, hash };
    const decision = { factory, kind, id, statement, policy, persons, documents, ...(keys && { keys }) };
    const entry: JournalEntryOf<'intent'> = { type: 'intent', ...place, at: decidedAt, ...decision };
    const signatures = new Map(
      recovered.signatures.map((one) => [signatureName(one.document, one.keyid), { seq, hash, ...one }]),
    );
    this.#putIntent({ entry, firstSeq: seq, signatures, recovered });
  }

  #published(entry: JournalEntryOf<'published'>): void {
    const { factory, repository, role, tag, version, sha256 } = entry;
    const watermark = this.#watermark({ factory, repository, role, tag });
    if (version > (watermark.published?.version ?? 0)) watermark.published = { version, sha256 };
    if (entry.source === 'base' && version > (watermark.base?.version ?? 0)) watermark.base = { version, sha256 };
  }

  /** What is published on the line of a root, its chain says. */
  #withRoot(mark: Watermark): Watermark {
    const { line } = mark;
    if (line.role !== 'root') return mark;
    const root = this.rootsOf(line.factory, line.repository).at(-1);
    return root === undefined ? mark : { ...mark, published: { version: root.signed.version, sha256: root.sha256 } };
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
