import type { z } from 'zod';
import { isCountersignError } from '../../errors.js';
import {
  ABRIDGED,
  ABRIDGED_HEADER,
  type CanaryReport,
  canaryReportSchema,
  DOSSIER_MEDIA_TYPE,
  JSON_MEDIA_TYPE,
  keysSchema,
  PATHS,
  type Progress,
  progressSchema,
  type ProvedKey,
  provedKeySchema,
  type ProveRequest,
  type Published,
  publishedResultSchema,
  type PublishedResult,
  type PublishedRoots,
  publishedRootsResultSchema,
  type PublishedRootsResult,
  type Receipt,
  type RequestKeys,
  requestKeysResultSchema,
  type RequestKeysResult,
  RECEIPT_HEADER,
  type SignerKeys,
  type SignerStatus,
  signResultSchema,
  type SignResult,
  statementJournalSchema,
  type StatementJournal,
  unlockedSchema,
  type Unlocked,
  verifiedSchema,
  type Verified,
  statusSchema,
  type Veto,
  vetoResultSchema,
  type VetoResult,
} from '../protocol.js';
import { peekStatement } from '../server/peek-statement.js';
import { followProgress } from './follow-progress.js';
import { askSigner, callSigner, type SignerQuestion } from './request.js';

export interface SignerClientOptions {
  /** Path of the signer's Unix socket. */
  readonly socketPath: string;
  /**
   * A call is given up when nothing moved for so long: no byte either way and, of a signature that was decided upon, none made
   * either. 120 s unless given.
   */
  readonly timeoutMs?: number;
}

type DossierLines = AsyncIterable<string> | Iterable<string>;

/** The signer, as seen over its socket. Every method throws the signer's own codes, and SIGNER_UNAVAILABLE. */
export interface SignerClient {
  /**
   * @param lines of the dossier, with or without their line feeds; not read if the abridged ones are enough
   * @param receipt of the newest signatures that the caller holds. @throws JOURNAL_INCOMPLETE the journal does not hold them
   * @param abridged the same without the targets that a root update builds on: tried first, for a signer that holds them
   */
  sign(lines: DossierLines, receipt?: Receipt | null, abridged?: DossierLines): Promise<SignResult>;
  /** Has a dossier verified ahead of time; nothing is decided. @param lines, abridged as of `sign` */
  verify(lines: DossierLines, abridged?: DossierLines): Promise<Verified>;
  veto(veto: Veto): Promise<VetoResult>;
  published(published: Published): Promise<PublishedResult>;
  /** The same about roots alone: only what is shown here comes into force for the signer. */
  publishedRoots(published: PublishedRoots): Promise<PublishedRootsResult>;
  /** What a root statement says of one of the signer's keys. @throws KEY_NOT_FOUND, KEY_ROLE_MISMATCH, TOKEN_UNAVAILABLE, … */
  prove(request: ProveRequest): Promise<ProvedKey>;
  /** Keys that no root may ever name; known ones stay as they are. @throws REQUEST_KEY_REFUSED, KEY_INVALID, FACTORY_NOT_IN_POLICY */
  registerRequestKeys(request: RequestKeys): Promise<RequestKeysResult>;
  /** How far the signing of a statement is. @throws NOT_FOUND it was not decided upon */
  progress(statementSha256: string): Promise<Progress>;
  /** Has a token looked for at once, by its label or serial number. */
  unlock(token: string): Promise<Unlocked>;
  status(receipt?: Receipt | null): Promise<SignerStatus>;
  keys(): Promise<SignerKeys>;
  /** Whether each token really signs. Answers within a second or so. */
  canary(): Promise<CanaryReport>;
  /** Its metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  /** The journal's lines about one statement. @throws NOT_FOUND */
  journal(statementSha256: string): Promise<StatementJournal>;
}

const DEFAULT_TIMEOUT_MS = 120_000;

export function createSignerClient({ socketPath, timeoutMs = DEFAULT_TIMEOUT_MS }: SignerClientOptions): SignerClient {
  const get = <T>(path: string, answer: z.ZodType<T>, headers: Record<string, string> = {}): Promise<T> =>
    callSigner({ socketPath, timeoutMs, method: 'GET', path, answer, headers });
  const post = <T>(path: string, value: unknown, answer: z.ZodType<T>): Promise<T> => {
    const body = { mediaType: JSON_MEDIA_TYPE, pieces: [JSON.stringify(value)] };
    return callSigner({ socketPath, timeoutMs, method: 'POST', path, body, answer });
  };
  const postDossier = <T>(
    path: string,
    lines: DossierLines,
    answer: z.ZodType<T>,
    more: Pick<SignerQuestion, 'headers' | 'followMoves'> = {},
  ): Promise<T> => {
    const body = { mediaType: DOSSIER_MEDIA_TYPE, pieces: endLines(lines) };
    return callSigner({ socketPath, timeoutMs, method: 'POST', path, body, answer, ...more });
  };
  const progress = (statementSha256: string): Promise<Progress> =>
    get(`${PATHS.progress}?statement=${statementSha256}`, progressSchema);
  return {
    sign: (whole, receipt, abridged) =>
      sendShortest(whole, abridged, async (dossier, header) => {
        const { statementSha256, lines } = await peekStatement(dossier);
        const headers = { ...header, ...receiptHeader(receipt) };
        if (statementSha256 === null) return postDossier(PATHS.sign, lines, signResultSchema, { headers });
        const followMoves = (heard: () => void) => followProgress(() => progress(statementSha256), timeoutMs, heard);
        return postDossier(PATHS.sign, lines, signResultSchema, { headers, followMoves });
      }),
    verify: (whole, abridged) =>
      sendShortest(whole, abridged, (lines, headers) => postDossier(PATHS.verify, lines, verifiedSchema, { headers })),
    veto: (veto) => post(PATHS.veto, veto, vetoResultSchema),
    published: (published) => post(PATHS.published, published, publishedResultSchema),
    publishedRoots: (published) => post(PATHS.published, published, publishedRootsResultSchema),
    prove: (request) => post(PATHS.prove, request, provedKeySchema),
    registerRequestKeys: ({ factory, keys }) => {
      const plain = keys.map(({ keytype, keyval }) => ({ keytype, keyval: { public: keyval.public } }));
      return post(PATHS.requestKeys, { factory, keys: plain }, requestKeysResultSchema);
    },
    progress,
    unlock: (token) => post(PATHS.unlock, { token }, unlockedSchema),
    status: (receipt) => get(PATHS.status, statusSchema, receiptHeader(receipt)),
    keys: () => get(PATHS.keys, keysSchema),
    canary: () => get(PATHS.canary, canaryReportSchema),
    metrics: () => askSigner({ socketPath, timeoutMs, method: 'GET', path: PATHS.metrics }),
    journal: (statementSha256) => get(`${PATHS.journal}?statement=${statementSha256}`, statementJournalSchema),
  };
}

function receiptHeader(receipt: Receipt | null | undefined): Record<string, string> {
  return receipt ? { [RECEIPT_HEADER]: `${receipt.statement} ${receipt.seq} ${receipt.hash}` } : {};
}

/** Sends the abridged dossier if there is one, and the whole one to a signer that does not hold what it leaves out. */
async function sendShortest<T>(
  whole: DossierLines,
  abridged: DossierLines | undefined,
  send: (lines: DossierLines, headers: Record<string, string>) => Promise<T>,
): Promise<T> {
  if (abridged === undefined) return send(whole, {});
  try {
    return await send(abridged, { [ABRIDGED_HEADER]: ABRIDGED });
  } catch (error) {
    if (!isCountersignError(error, 'DOSSIER_NOT_HELD')) throw error;
    return send(whole, {});
  }
}

async function* endLines(lines: DossierLines): AsyncGenerator<string> {
  for await (const line of lines) yield line.endsWith('\n') ? line : `${line}\n`;
}
