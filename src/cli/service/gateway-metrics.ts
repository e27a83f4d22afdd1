import type { GatewayObserver } from '../../gateway/index.js';
import type { Metrics } from '../../telemetry/index.js';

/** Up to the longest wait that is granted. */
const CALL_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600, 3600];
const UPSTREAM_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createGatewayMetrics(metrics: Metrics): GatewayObserver {
  const calls = metrics.histogram({
    name: 'countersign_gateway_call_duration_seconds',
    help: 'Calls to the gateway by what they are and how they end: class of the status, waiting (423), or aborted by the caller. A wait for officers is included.',
    labels: ['call', 'outcome'],
    bucketsSeconds: CALL_BUCKETS,
  });
  const upstream = metrics.histogram({
    name: 'countersign_gateway_upstream_duration_seconds',
    help: 'What the gateway asks of the Factory in the caller’s name, until the answer begins, by class of its status; none without an answer.',
    labels: ['factory', 'outcome'],
    bucketsSeconds: UPSTREAM_BUCKETS,
  });
  const waiting = metrics.gauge({
    name: 'countersign_gateway_waiting_calls',
    help: 'Calls that wait for officers right now.',
    labels: [],
  });
  let waits = 0;
  waiting.set({}, waits);
  return {
    onCall: ({ call, outcome, seconds }) => calls.observe({ call, outcome }, seconds),
    onUpstream: ({ factory, outcome, seconds }) => upstream.observe({ factory, outcome }, seconds),
    onWait: (change) => {
      waits += change;
      waiting.set({}, waits);
    },
  };
}
