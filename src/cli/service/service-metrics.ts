import type { CallReport } from '../../foundries/index.js';
import type { GatewayObserver } from '../../gateway/index.js';
import type { AnswerReport } from '../../http/index.js';
import type { Store } from '../../signing/index.js';
import { createMetrics } from '../../telemetry/index.js';
import { createGatewayMetrics } from './gateway-metrics.js';
import type { ExpiryObserver } from './watch-expiry.js';

export interface ServiceMetrics {
  readonly onFactoryCall: (report: CallReport) => void;
  readonly onAnswer: (report: AnswerReport) => void;
  readonly expiry: ExpiryObserver;
  readonly gateway: GatewayObserver;
  /** The service's own, then the signer's, whose names differ. */
  text(): Promise<string>;
}

const CALL_BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const ANSWER_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * What is counted in the store is the same on every replica; the rest is of this process.
 *
 * @param askSigner its metrics; a rejection means that it is down
 */
export function createServiceMetrics(store: Pick<Store, 'requests'>, askSigner: () => Promise<string>): ServiceMetrics {
  const metrics = createMetrics();
  watchStore(metrics, store);
  const calls = metrics.histogram({
    name: 'countersign_factory_call_duration_seconds',
    help: 'Calls to the Factory by outcome: class of the status, or timeout, cut, invalid, unsent. Each attempt counts.',
    labels: ['factory', 'operation', 'outcome'],
    bucketsSeconds: CALL_BUCKETS,
  });
  const answers = metrics.histogram({
    name: 'countersign_http_request_duration_seconds',
    help: 'Answers of the API by operation and class of the status, the time that a caller asked to wait included.',
    labels: ['operation', 'status'],
    bucketsSeconds: ANSWER_BUCKETS,
  });
  const expires = metrics.gauge({
    name: 'countersign_published_expires_timestamp_seconds',
    help: 'When what the Factory has published expires; of the production targets of all tags the first.',
    labels: ['factory', 'document'],
  });
  const checked = metrics.gauge({
    name: 'countersign_published_checked_timestamp_seconds',
    help: 'When all published documents were last read and verified.',
    labels: ['factory'],
  });
  return {
    onFactoryCall: ({ factory, operation, outcome, seconds }) =>
      calls.observe({ factory, operation, outcome }, seconds),
    onAnswer: ({ operation, status, seconds }) =>
      answers.observe({ operation, status: `${Math.floor(status / 100)}xx` }, seconds),
    expiry: {
      onExpiry: (factory, document, at) => expires.set({ factory, document }, at.getTime() / 1000),
      onChecked: (factory, at) => checked.set({ factory }, at.getTime() / 1000),
    },
    gateway: createGatewayMetrics(metrics),
    text: async () => {
      const [own, signer] = await Promise.all([metrics.text(), askSigner().catch(() => null)]);
      return `${own}${SIGNER_UP}${signer === null ? 0 : 1}\n${signer ?? ''}`;
    },
  };
}

const SIGNER_UP = `
# HELP countersign_signer_up Whether the signer answered within a second; without it its metrics are missing.
# TYPE countersign_signer_up gauge
countersign_signer_up `;

function watchStore(metrics: ReturnType<typeof createMetrics>, { requests }: Pick<Store, 'requests'>): void {
  metrics.sampled(
    {
      type: 'gauge',
      name: 'countersign_requests',
      help: 'Requests in the store by state.',
      labels: ['factory', 'kind', 'state'],
    },
    async (add) => {
      for (const { factory, kind, state, count } of await requests.countByState()) add({ factory, kind, state }, count);
    },
  );
  metrics.sampled(
    {
      type: 'gauge',
      name: 'countersign_requests_oldest_timestamp_seconds',
      help: 'Since when the request has been in its state that has been there longest.',
      labels: ['factory', 'kind', 'state'],
    },
    async (add) => {
      for (const { factory, kind, state, oldest } of await requests.countByState()) {
        add({ factory, kind, state }, Date.parse(oldest) / 1000);
      }
    },
  );
  metrics.sampled(
    {
      type: 'counter',
      name: 'countersign_approvals_total',
      help: 'Approvals in the store.',
      labels: ['factory'],
    },
    async (add) => {
      for (const { factory, count } of await requests.countApprovals()) add({ factory }, count);
    },
  );
}
