import type { Logger } from '../../telemetry/index.js';
import { formatTime } from '../../tuf/index.js';
import { Journal } from '../journal/index.js';
import type { TokenPool } from '../token-types.js';
import { Canary } from './canary.js';
import { createSignerHttp } from './http.js';
import { DEFAULT_SIGNER_LIMITS, type SignerLimits } from './limits.js';
import { listenOnSocket } from './listen.js';
import { Signer } from './signer.js';
import { createSignerMetrics, type SignerObserver } from './signer-metrics.js';
import { type OnStep, stepsOfWriting } from './steps.js';
import { Tokens } from './tokens.js';

export interface SignerOptions {
  /** Holds the journal; made by `initSigner`. */
  readonly stateDir: string;
  /** Path of the Unix socket. */
  readonly socketPath: string;
  /**
   * Opens the tokens. Called once the state directory is locked, so that a second signer by mistake never logs in to a token.
   *
   * @param observer for the options of the pools
   */
  readonly openTokens: (observer: Pick<SignerObserver, 'onJobTaken'>) => Promise<readonly TokenPool[]>;
  readonly logger: Logger;
  readonly now?: () => Date;
  readonly limits?: SignerLimits;
  /** For tests: stops the signer at a named step. */
  readonly onStep?: OnStep;
}

export interface RunningSigner {
  readonly socketPath: string;
  /** Refuses new requests, finishes those under way, then lets tokens, journal and socket go. */
  close(): Promise<void>;
}

/**
 * Starts the signer and resolves when it listens. A token that is not there is no error: its keys wait for it.
 *
 * @throws SIGNER_NOT_INITIALISED, SIGNER_BUSY, JOURNAL_DAMAGED, JOURNAL_WRITE_FAILED, CONFIG_INVALID
 */
export async function runSigner(options: SignerOptions): Promise<RunningSigner> {
  const { stateDir, socketPath, logger, onStep, limits = DEFAULT_SIGNER_LIMITS, now = () => new Date() } = options;
  const metrics = createSignerMetrics();
  const { observer } = metrics;
  const journal = await Journal.open({
    stateDir,
    logger,
    onWritten: stepsOfWriting(onStep),
    onAppended: (lines, seconds) => observer.onAppended(lines, seconds),
  });
  const opened: (() => Promise<void>)[] = [() => journal.close()];
  try {
    const pools = await options.openTokens(observer);
    const tokens = new Tokens(pools, logger, observer);
    opened.unshift(() => tokens.close());
    const signer = new Signer({ journal, tokens, logger, now, onStep, dossierLimits: limits.dossier });
    await signer.readTokens();
    let stopping = false;
    const canary = new Canary({ pools, state: () => journal.state, now });
    metrics.watch({
      journal,
      tokens: () => tokens.status(),
      canary: () => canary.report(),
      clockOk: () => formatTime(now()) >= journal.state.head.at,
    });
    const server = createSignerHttp({ signer, canary, metrics, limits, logger, isStopping: () => stopping });
    await listenOnSocket(server, socketPath);
    const { seq, hash } = journal.state.head;
    logger.info('the signer is ready', { socket: socketPath, journal: { seq, hash }, keys: tokens.keys.length });

    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      stopping = true;
      // resolves when the last answer is out; connections without a request are let go now
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
      await signer.settle();
      await closeAll(opened);
      logger.info('the signer has stopped');
    };
    return { socketPath, close: () => (closing ??= close()) };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

async function closeAll(parts: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of parts) await close();
}
