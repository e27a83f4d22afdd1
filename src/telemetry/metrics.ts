import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

type Labels<L extends string> = Readonly<Record<L, string>>;

export interface CounterMetric<L extends string> {
  add(labels: Labels<L>, count?: number): void;
}

export interface GaugeMetric<L extends string> {
  set(labels: Labels<L>, value: number): void;
}

export interface HistogramMetric<L extends string> {
  observe(labels: Labels<L>, seconds: number): void;
}

interface Described<L extends string> {
  /** With unit, and `_total` for counters, as Prometheus wants it. */
  readonly name: string;
  readonly help: string;
  /** Only what has few values: no persons, no tags, no ids. */
  readonly labels: readonly L[];
}

/** One program's metrics. There is no registry that all share: two in one process, as in tests, do not meet. */
export interface Metrics {
  counter<L extends string>(metric: Described<L>): CounterMetric<L>;
  histogram<L extends string>(
    metric: Described<L> & { readonly bucketsSeconds: readonly number[] },
  ): HistogramMetric<L>;
  /** Keeps what was set last. */
  gauge<L extends string>(metric: Described<L>): GaugeMetric<L>;
  /**
   * Read anew at every scrape: `read` adds up what there is then, and whatever it does not name is gone. If it throws, the metric has no
   * values, which shows as a gap and not as a wrong number.
   */
  sampled<L extends string>(
    metric: Described<L> & { readonly type: 'gauge' | 'counter' },
    read: (add: (labels: Labels<L>, value: number) => void) => void | Promise<void>,
  ): void;
  /** In Prometheus' text format, the process' own metrics included. */
  text(): Promise<string>;
}

/** `Content-Type` of `Metrics.text`. */
export const METRICS_MEDIA_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** @param processPrefix stands before the names of what Node and the process tell: `process_…`, `nodejs_…` */
export function createMetrics(processPrefix = ''): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: processPrefix });
  const common = <L extends string>({ name, help, labels }: Described<L>) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [register],
  });
  return {
    counter: (metric) => {
      const counter = new Counter(common(metric));
      return { add: (labels, count = 1) => counter.inc(labels, count) };
    },
    gauge: (metric) => {
      const gauge = new Gauge(common(metric));
      return { set: (labels, value) => gauge.set(labels, value) };
    },
    histogram: (metric) => {
      const histogram = new Histogram({ ...common(metric), buckets: [...metric.bucketsSeconds] });
      return { observe: (labels, seconds) => histogram.observe(labels, seconds) };
    },
    sampled: (metric, read) => {
      const kind = metric.type === 'gauge' ? Gauge : Counter;
      const forget = (): void => {
        sampled.reset();
        if (metric.labels.length === 0) sampled.remove(); // reset leaves a zero there
      };
      const sampled = new kind({
        ...common(metric),
        async collect() {
          forget();
          try {
            await read((labels, value) => sampled.inc(labels, value));
          } catch {
            forget();
          }
        },
      });
    },
    text: () => register.metrics(),
  };
}
