import { type DossierLimits, HeldMatters, verifyDossier, type VerifiedDossier } from '../../dossier/index.js';
import { CountersignError, errorFromWire } from '../../errors.js';
import { REPOSITORIES } from '../../factory/index.js';
import type { Logger } from '../../telemetry/index.js';
import {
  decide,
  intentLines,
  judgePublished,
  judgePublishedRoots,
  judgeVeto,
  newRequestKeys,
  requireStillWanted,
} from '../decide/index.js';
import {
  type Intent,
  isComplete,
  type Journal,
  type JournalBody,
  type JournalHead,
  type SignerState,
  wantedSignatures,
} from '../journal/index.js';
import type {
  Progress,
  ProvedKey,
  ProveRequest,
  Published,
  PublishedResult,
  PublishedRoots,
  PublishedRootsResult,
  Receipt,
  RequestKeys,
  RequestKeysResult,
  SignerKeys,
  SignerStatus,
  SignResult,
  StatementJournal,
  Unlocked,
  Verified,
  Veto,
  VetoResult,
} from '../protocol.js';
import { describeKeys, describeStatus } from './describe.js';
import { jobsOf, type Made, makeSignatures } from './make-signatures.js';
import { Mutex } from './mutex.js';
import { newKeys, wantedKeys } from './new-keys.js';
import { peekStatement } from './peek-statement.js';
import { proveKey } from './prove-key.js';
import { holdsReceipt, requireReceipt } from './receipt.js';
import { signInChunks } from './sign-in-chunks.js';
import { resultOf } from './sign-result.js';
import { statementJournal } from './statement-journal.js';
import type { OnStep } from './steps.js';
import type { Tokens } from './tokens.js';

export interface SignerParts {
  readonly journal: Journal;
  readonly tokens: Tokens;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly onStep?: OnStep | undefined;
  readonly dossierLimits?: DossierLimits | undefined;
  /** How much of root updates that wait for approvals is held in memory, in bytes. */
  readonly maxHeldBytes?: number | undefined;
}

/** 10,000 documents of 20 kB. */
const MAX_HELD_BYTES = 256 * 1024 * 1024;

/** Everything the signer does, without the socket before it. */
export class Signer {
  /** Held while the state is read, a decision taken and written: two requests for one tag must not both pass its watermark. */
  readonly #deciding = new Mutex();
  /** Signatures under way by the statement's digest, so that one statement is never signed twice at the same time. */
  readonly #signing = new Map<string, Promise<SignResult>>();
  readonly #held: HeldMatters;

  constructor(private readonly parts: SignerParts) {
    this.#held = new HeldMatters(parts.maxHeldBytes ?? MAX_HELD_BYTES);
  }

  get #state(): SignerState {
    return this.parts.journal.state;
  }

  /**
   * Signs what a dossier asks for, or says why not. The same statement gets the very same signatures however often it comes.
   *
   * @param lines of the dossier; read to their end unless they are refused
   * @param receipt of the newest signatures that the caller holds
   * @param abridged the targets that a root update builds on are left out: they came with the same statement before
   * @throws the codes of `verifyDossier` and `decide`, those of the tokens, JOURNAL_INCOMPLETE, JOURNAL_WRITE_FAILED
   * @throws DOSSIER_NOT_HELD it has to come whole
   */
  async sign(
    lines: AsyncIterable<string> | Iterable<string>,
    receipt: Receipt | null = null,
    abridged: boolean = false,
  ): Promise<SignResult> {
    const peeked = await peekStatement(lines);
    const known = this.#state.intents.get(peeked.statementSha256 ?? '');
    if (known !== undefined && isComplete(known)) {
      await drain(peeked.lines);
      return resultOf(known);
    }
    requireReceipt(this.#state, receipt);
    // An intent was decided in time; finishing it late is no new decision.
    const judgedAt = known === undefined ? this.parts.now() : new Date(known.entry.at);
    const dossier = await this.#verify(peeked.lines, judgedAt, abridged);
    if (known !== undefined && dossier.statementSha256 !== peeked.statementSha256) {
      throw new CountersignError('DOSSIER_INVALID', 'the dossier reads differently from how it began');
    }
    await this.#readTokensFor(dossier);
    const { finish } = await this.#deciding.run(() => this.#decide(dossier));
    return finish;
  }

  /**
   * Verifies a dossier and decides nothing, so that it is done with what takes long in it before the last approval comes:
   * `verifyDossier` remembers what it verified.
   *
   * @param abridged as of `sign`
   * @throws the codes of `verifyDossier`, DOSSIER_NOT_HELD
   */
  async verify(lines: AsyncIterable<string>, abridged: boolean = false): Promise<Verified> {
    const { statementSha256 } = await this.#verify(lines, this.parts.now(), abridged);
    return { statement: statementSha256 };
  }

  async #verify(lines: AsyncIterable<string>, at: Date, abridged: boolean): Promise<VerifiedDossier> {
    const { dossierLimits: limits } = this.parts;
    const { service, firstRoots } = this.#state;
    const pins = { policySha256: service, firstRootSha256: Object.fromEntries(firstRoots) };
    // by the clock: a time that a signature line claims could bring an expired statement back
    const dossier = await verifyDossier(lines, pins, at, {
      judgeBy: 'clock',
      held: this.#held,
      abridged,
      ...(limits && { limits }),
    });
    await this.#step('sign:verified');
    return dossier;
  }

  /** Wrapped, because a bare promise would be waited for under the lock. */
  async #decide(dossier: VerifiedDossier): Promise<{ finish: Promise<SignResult> }> {
    const { journal, tokens, now, logger } = this.parts;
    await journal.requireWritable();
    await this.#recordNewKeys();
    const at = now();
    const { keys, canaries, absent, allRead: allTokensRead } = tokens;
    const decision = decide(dossier, this.#state, { now: at, keys, canaries, absent, allTokensRead });
    await this.#step('sign:decided');
    const { statementSha256 } = dossier;
    switch (decision.outcome) {
      case 'refuse':
        if (decision.record.length > 0) await journal.append(at, decision.record);
        for (const body of decision.record) {
          if (body.type === 'freeze') logger.error('a role is frozen: its key signed what is not in the journal', body);
        }
        throw decision.error;
      case 'sign':
        await journal.append(at, [...decision.record, ...intentLines(decision.intent)]);
        await this.#step('sign:intended');
        break;
      case 'resume':
        break;
    }
    return { finish: this.#signing.get(statementSha256) ?? this.#startSigning(dossier) };
  }

  #startSigning(dossier: VerifiedDossier): Promise<SignResult> {
    const { statementSha256 } = dossier;
    const signing = this.#finish(dossier).finally(() => this.#signing.delete(statementSha256));
    this.#signing.set(statementSha256, signing);
    // whoever asked hears of a failure; that nobody listens yet is no reason for Node to end the process
    signing.catch(() => undefined);
    return signing;
  }

  /** Makes what an intent still lacks. Runs beside others: the lock is taken again to write. */
  async #finish(dossier: VerifiedDossier): Promise<SignResult> {
    const intent = this.#intentOf(dossier.statementSha256);
    if (isComplete(intent)) return resultOf(intent);
    const failure =
      dossier.kind === 'root' ? await this.#signMany(intent, dossier) : await this.#signAll(intent, dossier);
    if (failure !== null) throw failure;
    this.#held.release(dossier.statementSha256);
    await this.#step('sign:recorded');
    return resultOf(this.#intentOf(dossier.statementSha256));
  }

  async #signAll(intent: Intent, dossier: VerifiedDossier): Promise<Error | null> {
    const { statement } = intent.entry;
    const { signatures, failure } = await makeSignatures(jobsOf(intent, dossier), this.parts.tokens);
    await this.#step('sign:made');
    await this.#record(
      intent,
      signatures.map((one) => ({ type: 'signature', statement, ...one })),
    );
    return failure;
  }

  /** A root update signs up to thousands of documents again: what is made stands in the journal before all of it is. */
  async #signMany(intent: Intent, dossier: VerifiedDossier): Promise<Error | null> {
    const { statement } = intent.entry;
    let written: JournalHead | null = null;
    const write = async (signatures: readonly Made[]): Promise<void> => {
      await this.#step('sign:made');
      written = await this.#record(intent, [{ type: 'signatures', statement, signatures: [...signatures] }], written);
    };
    return signInChunks({ jobs: jobsOf(intent, dossier), tokens: this.parts.tokens, write });
  }

  /** @param wantedAt the journal's head when that was last judged and written; what the signer knows has not changed while it is still that */
  async #record(
    intent: Intent,
    signatures: readonly JournalBody[],
    wantedAt: JournalHead | null = null,
  ): Promise<JournalHead> {
    const { journal, now } = this.parts;
    return this.#deciding.run(async () => {
      // a veto or a freeze may have come while the tokens were signing: then the signatures are forgotten, nobody has seen them
      if (this.#state.head.hash !== wantedAt?.hash) requireStillWanted(intent.entry, this.#state);
      return signatures.length > 0 ? journal.append(now(), signatures) : this.#state.head;
    });
  }

  /** Records an officer's rejection. @throws the codes of `judgeVeto`, JOURNAL_WRITE_FAILED */
  async veto(veto: Veto): Promise<VetoResult> {
    return this.#deciding.run(async () => {
      const { journal, now, logger } = this.parts;
      const decision = judgeVeto(veto, this.#state);
      await this.#step('veto:judged');
      const { person, signed, statement } = decision.veto;
      const record = decision.isNew ? [...decision.record, decision.veto] : decision.record;
      if (record.length > 0) await journal.append(now(), record);
      this.#held.release(statement);
      await this.#step('veto:recorded');
      if (decision.isNew) logger.info('a statement was vetoed', { person, statement, signed });
      const written = this.#state.vetoes.get(statement)?.find((known) => known.person === person);
      return { vetoed: true, person, signed, journal: receiptOf(written ?? this.#state.head) };
    });
  }

  /** Raises a watermark to what is published. @throws the codes of `judgePublished`, ROLE_FROZEN, JOURNAL_WRITE_FAILED */
  async published(published: Published): Promise<PublishedResult> {
    return this.#deciding.run(async () => {
      const { journal, tokens, now, logger } = this.parts;
      const { line, record, error } = judgePublished(published, this.#state, tokens.keys);
      await this.#step('published:judged');
      if (record.length > 0) await journal.append(now(), record);
      await this.#step('published:recorded');
      if (error !== null) {
        logger.error('a role is frozen: its key signed what is not in the journal', { ...error.details });
        throw error;
      }
      const watermark = this.#state.watermarkOf(line)?.published;
      if (!watermark) throw new CountersignError('INTERNAL', 'a published document left no watermark');
      return { watermark };
    });
  }

  /** Takes newer roots over that are published. @throws the codes of `judgePublishedRoots`, ROLE_FROZEN, JOURNAL_WRITE_FAILED */
  async publishedRoots(published: PublishedRoots): Promise<PublishedRootsResult> {
    return this.#deciding.run(async () => {
      const { journal, tokens, now, logger } = this.parts;
      const { record, error } = judgePublishedRoots(published, this.#state, tokens.keys);
      await this.#step('published:judged');
      if (record.length > 0) await journal.append(now(), record);
      await this.#step('published:recorded');
      if (error !== null) {
        logger.error('a role is frozen: its key signed what is not in the journal', { ...error.details });
        throw error;
      }
      const [ci = null, production = null] = REPOSITORIES.map((repository) => {
        const root = this.#state.rootsOf(published.factory, repository).at(-1);
        return root === undefined ? null : { version: root.signed.version, sha256: root.sha256 };
      });
      return { roots: { ci, production } };
    });
  }

  /** Remembers keys that no root may ever name. @throws the codes of `newRequestKeys`, JOURNAL_WRITE_FAILED */
  async registerRequestKeys(request: RequestKeys): Promise<RequestKeysResult> {
    await this.readTokens();
    return this.#deciding.run(async () => {
      const { journal, tokens, now, logger } = this.parts;
      const record = newRequestKeys(request, this.#state, tokens.keys, tokens.canaries);
      if (record.length > 0) await journal.append(now(), record);
      for (const { keyid, factory } of record) logger.info('a request key was registered', { keyid, factory });
      return { added: record.length };
    });
  }

  /** How far the signing of a statement is. @throws NOT_FOUND it was not decided upon */
  progress(statementSha256: string): Promise<Progress> {
    const intent = this.#state.intents.get(statementSha256);
    if (intent === undefined) {
      throw new CountersignError('NOT_FOUND', 'the journal has no decision to sign this statement', {
        details: { statement: statementSha256 },
      });
    }
    return Promise.resolve({ wanted: wantedSignatures(intent), made: intent.signatures.size });
  }

  /** Has a key of this signer prove itself for its role in its Factory. @throws the codes of `provableKey` and of the tokens */
  async prove(request: ProveRequest): Promise<ProvedKey> {
    await this.readTokens();
    return proveKey(request, this.#state, this.parts.tokens);
  }

  /** Looks for a token at once, and at its keys. @throws TOKEN_NOT_FOUND, and why it is not ready */
  async unlock(token: string): Promise<Unlocked> {
    const { state, error } = await this.parts.tokens.lookAgain(token);
    if (error !== null) throw errorFromWire(error);
    await this.readTokens();
    return { token, state };
  }

  /** Looks whether a disk that took nothing takes something again, so that whoever waits for that hears of it. */
  async status(stopping: boolean, receipt: Receipt | null = null): Promise<SignerStatus> {
    const { journal, tokens, now } = this.parts;
    await journal.requireWritable().catch(() => undefined);
    const incomplete = receipt !== null && !holdsReceipt(this.#state, receipt);
    return describeStatus({ journal, tokens, now: now(), stopping, incomplete });
  }

  async keys(): Promise<SignerKeys> {
    await this.readTokens();
    return { keys: describeKeys(this.#state, this.parts.tokens.keys) };
  }

  /** What proves in which order a statement was decided upon and signed. @throws NOT_FOUND, JOURNAL_DAMAGED */
  async journalOf(statementSha256: string): Promise<StatementJournal> {
    return statementJournal(this.parts.journal, statementSha256);
  }

  /** Asks every token for its keys and remembers those that are new. */
  async readTokens(): Promise<void> {
    await this.parts.tokens.readUntil(() => false);
    await this.#deciding.run(() => this.#recordNewKeys());
  }

  /** Waits until nothing is decided or signed any more. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#signing.values());
    await this.#deciding.run(() => Promise.resolve());
  }

  async #readTokensFor(dossier: VerifiedDossier): Promise<void> {
    const { tokens } = this.parts;
    const enough = wantedKeys(dossier, this.#state);
    if (!enough(tokens.keys)) await tokens.readUntil(enough);
  }

  async #recordNewKeys(): Promise<void> {
    const { journal, tokens, now, logger } = this.parts;
    const fresh = newKeys(this.#state, tokens.keys);
    if (fresh.length === 0) return;
    await journal.append(now(), fresh);
    for (const { keyid, role, factory } of fresh) logger.info('a key is new to this signer', { keyid, role, factory });
  }

  #intentOf(statementSha256: string): Intent {
    const intent = this.#state.intents.get(statementSha256);
    if (intent === undefined) throw new CountersignError('INTERNAL', 'an intent was written and is not there');
    return intent;
  }

  async #step(step: Parameters<OnStep>[0]): Promise<void> {
    await this.parts.onStep?.(step);
  }
}

async function drain(lines: AsyncIterable<string>): Promise<void> {
  const rest = lines[Symbol.asyncIterator]();
  while ((await rest.next()).done !== true);
}

function receiptOf({ seq, hash }: JournalHead): { seq: number; hash: string } {
  return { seq, hash };
}
