import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '../../src/telemetry/index.js';
import { parseExposition } from '../support/exposition.js';

const described = (name: string) => ({ name, help: 'for a test', labels: ['key'] as const });
const ours = async (metrics: ReturnType<typeof createMetrics>): Promise<Record<string, number>> => {
  const { samples } = parseExposition(await metrics.text());
  return Object.fromEntries([...samples].filter(([name]) => name.startsWith('x_')));
};

describe('metrics', () => {
  it('tell counters, gauges and histograms in the text format, with the process beside them', async () => {
    const metrics = createMetrics('of_');
    metrics.counter(described('x_total')).add({ key: 'a"b\\c\nd' }, 2);
    metrics.gauge(described('x_now')).set({ key: 'k' }, -1.5);
    metrics.histogram({ ...described('x_seconds'), bucketsSeconds: [0.1, 1] }).observe({ key: 'k' }, 0.5);
    expect(await ours(metrics)).toEqual({
      'x_total{key="a\\"b\\\\c\\nd"}': 2,
      'x_now{key="k"}': -1.5,
      'x_seconds_bucket{le="0.1",key="k"}': 0,
      'x_seconds_bucket{le="1",key="k"}': 1,
      'x_seconds_bucket{le="+Inf",key="k"}': 1,
      'x_seconds_sum{key="k"}': 0.5,
      'x_seconds_count{key="k"}': 1,
    });
    const { types } = parseExposition(await metrics.text());
    expect([...types.keys()].filter((name) => !name.startsWith('x_') && !name.startsWith('of_'))).toEqual([]);
    expect(types.get('of_process_cpu_seconds_total')).toBe('counter');
  });

  it('look anew at what is sampled: what is gone is not told any more', async () => {
    const metrics = createMetrics();
    let keys = ['a', 'b'];
    metrics.sampled({ ...described('x'), name: 'x_jobs', type: 'gauge' }, (set) =>
      keys.forEach((key) => set({ key }, 1)),
    );
    expect(await ours(metrics)).toEqual({ 'x_jobs{key="a"}': 1, 'x_jobs{key="b"}': 1 });
    keys = ['b'];
    expect(await ours(metrics)).toEqual({ 'x_jobs{key="b"}': 1 });
  });

  it('leave out what cannot be looked at, and tell the rest', async () => {
    const metrics = createMetrics();
    const failing = { help: 'for a test', labels: [], type: 'gauge' } as const;
    metrics.sampled({ ...failing, name: 'x_broken' }, () => Promise.reject(new Error('no')));
    metrics.sampled({ ...failing, name: 'x_half' }, (set) => {
      set({}, 1);
      throw new Error('no');
    });
    metrics.sampled({ ...failing, name: 'x_right' }, (set) => set({}, 3));
    expect(await ours(metrics)).toEqual({ x_right: 3 });
  });

  it('of two programs in one process do not meet', async () => {
    createMetrics().counter(described('x_total')).add({ key: 'k' });
    expect(await ours(createMetrics())).toEqual({});
  });
});
