import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { startMetricsServer } from '../../../src/cli/service/metrics-server.js';
import { createServiceMetrics } from '../../../src/cli/service/service-metrics.js';
import { CountersignError } from '../../../src/errors.js';
import type { Store } from '../../../src/signing/index.js';
import { parseExposition } from '../../support/exposition.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { rejectionOf } from '../../support/reject-code.js';

type Requests = Pick<Store['requests'], 'countByState' | 'countApprovals'>;
const counted: Requests = {
  countByState: () =>
    Promise.resolve([{ factory: 'acme', kind: 'wave', state: 'open', count: 2, oldest: '2026-11-22T16:00:00Z' }]),
  countApprovals: () => Promise.resolve([{ factory: 'acme', count: 3 }]),
};
const storeOf = (requests: Requests): Pick<Store, 'requests'> => ({ requests }) as Pick<Store, 'requests'>;
const down = (): Promise<string> => Promise.reject(new CountersignError('SIGNER_UNAVAILABLE', 'gone'));

describe('the metrics of the service', () => {
  it('say that the signer is down, and lack its own until it is back', async () => {
    let answer = down;
    const metrics = createServiceMetrics(storeOf(counted), () => answer());
    const without = parseExposition(await metrics.text()).samples;
    expect(without.get('countersign_signer_up')).toBe(0);
    expect([...without.keys()].filter((name) => name.startsWith('signer_'))).toEqual([]);
    expect(without.get('countersign_requests{factory="acme",kind="wave",state="open"}')).toBe(2);
    expect(without.get('countersign_approvals_total{factory="acme"}')).toBe(3);

    answer = () => Promise.resolve('# HELP signer_x for a test\n# TYPE signer_x gauge\nsigner_x 7\n');
    const { samples } = parseExposition(await metrics.text());
    expect(samples.get('countersign_signer_up')).toBe(1);
    expect(samples.get('signer_x')).toBe(7);
  });

  it('have a gap where the store does not answer, and tell the rest', async () => {
    const broken = { ...counted, countByState: () => Promise.reject(new Error('the disk is gone')) };
    const { samples } = parseExposition(await createServiceMetrics(storeOf(broken), down).text());
    expect([...samples.keys()].filter((name) => name.startsWith('countersign_requests'))).toEqual([]);
    expect(samples.get('countersign_approvals_total{factory="acme"}')).toBe(3);
  });

  it('count the gateway’s calls by what they are and how they ended, and those that wait now', async () => {
    const metrics = createServiceMetrics(storeOf(counted), down);
    metrics.gateway.onCall({ call: 'create-wave', outcome: 'waiting', seconds: 0.2 });
    metrics.gateway.onUpstream({ factory: 'acme', outcome: '2xx', seconds: 0.1 });
    for (const change of [1, 1, -1] as const) metrics.gateway.onWait(change);
    const { samples } = parseExposition(await metrics.text());
    const call = 'countersign_gateway_call_duration_seconds_count{call="create-wave",outcome="waiting"}';
    expect(samples.get(call)).toBe(1);
    expect(samples.get('countersign_gateway_upstream_duration_seconds_count{factory="acme",outcome="2xx"}')).toBe(1);
    expect(samples.get('countersign_gateway_waiting_calls')).toBe(1);
  });

  it('are all there that the alerts look at', async () => {
    const metrics = createServiceMetrics(storeOf(counted), down);
    metrics.gateway.onCall({ call: 'create-wave', outcome: '5xx', seconds: 0.2 });
    metrics.gateway.onUpstream({ factory: 'acme', outcome: 'none', seconds: 0.1 });
    metrics.expiry.onExpiry('acme', 'ci-root', new Date(0));
    metrics.expiry.onChecked('acme', new Date(0));
    const { samples } = parseExposition(await metrics.text());
    const known = new Set([...samples.keys()].map((sample) => sample.replace(/\{.*/, '')));
    const alerts = readFileSync('config/prometheus-alerts.yaml', 'utf8');
    const named = new Set([...alerts.matchAll(/\bcountersign_(?!signer_(?!up))\w+/g)].map(([name]) => name));
    expect(named.size).toBeGreaterThan(4);
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('the listener of the metrics', () => {
  const loopback = { host: '127.0.0.1', port: 0 };

  it('answers GET /metrics and nothing else', async () => {
    const server = await startMetricsServer(() => Promise.resolve('x 1\n'), loopback, recordingLogger());
    try {
      const answer = await fetch(server.url);
      expect([answer.status, await answer.text()]).toEqual([200, 'x 1\n']);
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
      expect((await fetch(new URL('/v1/requests', server.url))).status).toBe(404);
    } finally {
      await server.close();
    }
  });

  it('answers 500 without the cause, which is in the log', async () => {
    const logger = recordingLogger();
    const server = await startMetricsServer(() => Promise.reject(new Error('why')), loopback, logger);
    try {
      const answer = await fetch(server.url);
      expect([answer.status, await answer.text()]).toEqual([500, '']);
      expect(logger.lines.join()).toContain('why');
    } finally {
      await server.close();
    }
  });

  it('says that its address is taken', async () => {
    const server = await startMetricsServer(() => Promise.resolve(''), loopback, recordingLogger());
    try {
      const taken = { ...loopback, port: Number(new URL(server.url).port) };
      const second = startMetricsServer(() => Promise.resolve(''), taken, recordingLogger());
      expect(await rejectionOf(second)).toBe('CONFIG_INVALID /metrics/listen');
    } finally {
      await server.close();
    }
  });
});
