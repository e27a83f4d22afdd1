import type { z } from 'zod';
import {
  type CanaryReport,
  canaryReportSchema,
  DOSSIER_MEDIA_TYPE,
  JSON_MEDIA_TYPE,
  keysSchema,
  PATHS,
  type Published,
  publishedResultSchema,
  type PublishedResult,
  type SignerKeys,
  type SignerStatus,
  signResultSchema,
  type SignResult,
  statementJournalSchema,
  type StatementJournal,
  statusSchema,
  type Veto,
  vetoResultSchema,
  type VetoResult,
} from '../protocol.js';
import { askSigner, callSigner } from './request.js';

export interface SignerClientOptions {
  /** Path of the signer's Unix socket. */
  readonly socketPath: string;
  /** For one call from its beginning to the end of the answer; 120 s unless given. */
  readonly timeoutMs?: number;
}

/** The signer, as seen over its socket. Every method throws the signer's own codes, and SIGNER_UNAVAILABLE. */
export interface SignerClient {
  /** @param lines of the dossier, with or without their line feeds */
  sign(lines: AsyncIterable<string> | Iterable<string>): Promise<SignResult>;
  veto(veto: Veto): Promise<VetoResult>;
  published(published: Published): Promise<PublishedResult>;
  status(): Promise<SignerStatus>;
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
  const get = <T>(path: string, answer: z.ZodType<T>): Promise<T> =>
    callSigner({ socketPath, timeoutMs, method: 'GET', path, answer });
  const post = <T>(path: string, value: unknown, answer: z.ZodType<T>): Promise<T> => {
    const body = { mediaType: JSON_MEDIA_TYPE, pieces: [JSON.stringify(value)] };
    return callSigner({ socketPath, timeoutMs, method: 'POST', path, body, answer });
  };
  return {
    sign: (lines) => {
      const body = { mediaType: DOSSIER_MEDIA_TYPE, pieces: endLines(lines) };
      return callSigner({ socketPath, timeoutMs, method: 'POST', path: PATHS.sign, body, answer: signResultSchema });
    },
    veto: (veto) => post(PATHS.veto, veto, vetoResultSchema),
    published: (published) => post(PATHS.published, published, publishedResultSchema),
    status: () => get(PATHS.status, statusSchema),
    keys: () => get(PATHS.keys, keysSchema),
    canary: () => get(PATHS.canary, canaryReportSchema),
    metrics: () => askSigner({ socketPath, timeoutMs, method: 'GET', path: PATHS.metrics }),
    journal: (statementSha256) => get(`${PATHS.journal}?statement=${statementSha256}`, statementJournalSchema),
  };
}

async function* endLines(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield line.endsWith('\n') ? line : `${line}\n`;
}
