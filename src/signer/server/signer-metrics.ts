import type { ErrorCode } from '../../errors.js';
import { createMetrics, type Metrics } from '../../telemetry/index.js';
import type { Journal } from '../journal/index.js';
import type { CanaryReport } from '../protocol.js';
import type { TokenStatus } from '../token-types.js';

/** What happens in the signer, as it is counted. Tokens are named by their label. */
export interface SignerObserver {
  /** A token made a signature or failed to; `code` is null for a good one. The time includes that in the queue. */
  onSignature(what: { keyid: string; token: string; seconds: number; code: ErrorCode | null }): void;
  /** A job was given to a worker. */
  onJobTaken(token: string, waitedSeconds: number): void;
  /** Lines are on the disk. */
  onAppended(lines: number, seconds: number): void;
  /** A request was answered with an error. */
  onRefusal(operation: string, code: ErrorCode): void;
}

/** What is looked at when somebody asks for the metrics. */
export interface SignerGauges {
  readonly journal: Pick<Journal, 'state' | 'failure'>;
  readonly tokens: () => readonly TokenStatus[];
  readonly canary: () => CanaryReport;
  readonly clockOk: () => boolean;
}

export interface SignerMetrics {
  readonly observer: SignerObserver;
  watch(gauges: SignerGauges): void;
  text(): Promise<string>;
}

const PREFIX = 'countersign_signer_';
const SIGNING_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const DISK_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

export function createSignerMetrics(): SignerMetrics {
  const metrics = createMetrics(PREFIX);
  return { observer: countEvents(metrics), watch: (gauges) => watch(metrics, gauges), text: () => metrics.text() };
}

function countEvents(metrics: Metrics): SignerObserver {
  const signatures = metrics.counter({
    name: `${PREFIX}signatures_total`,
    help: 'Signatures asked of a token, by key; result is ok or the code of the failure.',
    labels: ['keyid', 'token', 'result'],
  });
  const durations = metrics.histogram({
    name: `${PREFIX}signature_duration_seconds`,
    help: 'Time of a good signature from the question to the answer, the wait for a worker included.',
    labels: ['keyid', 'token'],
    bucketsSeconds: SIGNING_BUCKETS,
  });
  const waits = metrics.histogram({
    name: `${PREFIX}queue_wait_seconds`,
    help: 'How long jobs waited for a worker.',
    labels: ['token'],
    bucketsSeconds: SIGNING_BUCKETS,
  });
  const lines = metrics.counter({
    name: `${PREFIX}journal_appended_lines_total`,
    help: 'Lines written to the journal by this process.',
    labels: [],
  });
  const appends = metrics.histogram({
    name: `${PREFIX}journal_append_duration_seconds`,
    help: 'Time to write lines to the journal and sync them to the disk.',
    labels: [],
    bucketsSeconds: DISK_BUCKETS,
  });
  const refusals = metrics.counter({
    name: `${PREFIX}refusals_total`,
    help: 'Requests over the socket that were answered with an error, by its code.',
    labels: ['operation', 'code'],
  });
  return {
    onSignature: ({ keyid, token, seconds, code }) => {
      signatures.add({ keyid, token, result: code ?? 'ok' });
      if (code === null) durations.observe({ keyid, token }, seconds);
    },
    onJobTaken: (token, waitedSeconds) => waits.observe({ token }, waitedSeconds),
    onAppended: (count, seconds) => {
      lines.add({}, count);
      appends.observe({}, seconds);
    },
    onRefusal: (operation, code) => refusals.add({ operation, code }),
  };
}

function watch(metrics: Metrics, { journal, tokens, canary, clockOk }: SignerGauges): void {
  metrics.sampled(
    {
      type: 'gauge',
      name: `${PREFIX}token_state`,
      help: 'Always 1; the label says how the token is. stopped: its PIN was refused or is locked.',
      labels: ['token', 'state'],
    },
    (add) => tokens().forEach((token) => add({ token: nameOf(token), state: token.state }, 1)),
  );
  metrics.sampled(
    { type: 'gauge', name: `${PREFIX}queue_jobs`, help: 'Jobs that wait for a worker.', labels: ['token'] },
    (add) => tokens().forEach((token) => add({ token: nameOf(token) }, token.queued)),
  );
  metrics.sampled(
    { type: 'gauge', name: `${PREFIX}workers`, help: 'Worker processes by state.', labels: ['token', 'state'] },
    (add) => tokens().forEach((token) => token.workers.forEach(({ state }) => add({ token: nameOf(token), state }, 1))),
  );
  metrics.sampled(
    {
      type: 'counter',
      name: `${PREFIX}worker_restarts_total`,
      help: 'Worker processes started after the first one of each.',
      labels: ['token'],
    },
    (add) =>
      tokens().forEach((token) => {
        add({ token: nameOf(token) }, token.workers.reduce((sum, { restarts }) => sum + restarts, 0)); // prettier-ignore
      }),
  );
  metrics.sampled(
    {
      type: 'gauge',
      name: `${PREFIX}canary_ok`,
      help: 'Whether the last canary signature of a token verified. Missing for a token without a canary key.',
      labels: ['token'],
    },
    (add) =>
      canary().tokens.forEach(({ label, state }) => {
        if (state === 'ok' || state === 'failed') add({ token: label }, state === 'ok' ? 1 : 0);
      }),
  );
  metrics.sampled(
    {
      type: 'gauge',
      name: `${PREFIX}canary_timestamp_seconds`,
      help: 'When the last canary signature was tried.',
      labels: ['token'],
    },
    (add) =>
      canary().tokens.forEach(({ label, at }) => {
        if (at !== null) add({ token: label }, Date.parse(at) / 1000);
      }),
  );
  metrics.sampled(
    {
      type: 'gauge',
      name: `${PREFIX}frozen`,
      help: '1 for each role that is frozen: its key signed what the journal does not know.',
      labels: ['factory', 'role'],
    },
    (add) => Array.from(journal.state.frozen).forEach(({ factory, role }) => add({ factory, role }, 1)),
  );
  metrics.sampled(
    { type: 'gauge', name: `${PREFIX}journal_lines`, help: 'Number of the last line of the journal.', labels: [] },
    (add) => add({}, journal.state.head.seq),
  );
  metrics.sampled(
    {
      type: 'gauge',
      name: `${PREFIX}journal_failed`,
      help: '1 after a write that failed: nothing is signed until the disk takes something again.',
      labels: [],
    },
    (add) => add({}, journal.failure === null ? 0 : 1),
  );
  metrics.sampled(
    {
      type: 'gauge',
      name: `${PREFIX}clock_ok`,
      help: '0 while the clock is behind the last line of the journal: nothing is signed.',
      labels: [],
    },
    (add) => add({}, clockOk() ? 1 : 0),
  );
}

function nameOf({ label, serial }: TokenStatus): string {
  return label ?? serial ?? '';
}
