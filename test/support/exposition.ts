/** A strict reader of Prometheus' text format (version 0.0.4), as a scraper would be. */
const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (Na[Nn]|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);
const HEAD = new RegExp(`^# (HELP|TYPE) (${NAME}) (.*)$`);

export interface Exposition {
  /** Metric name → `counter`, `gauge`, `histogram`, `summary`. */
  readonly types: ReadonlyMap<string, string>;
  /** `name{labels}` → value. */
  readonly samples: ReadonlyMap<string, number>;
}

/** @throws Error for a line of no known form, a metric told twice, a sample without a type, the same sample twice, or no line feed at the end */
export function parseExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const samples = new Map<string, number>();
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const [, keyword, metric = '', rest = ''] = HEAD.exec(line) ?? [];
    if (keyword === 'HELP' && !helps.has(metric)) helps.add(metric);
    else if (keyword === 'TYPE' && !types.has(metric) && /^(counter|gauge|histogram|summary)$/.test(rest)) {
      types.set(metric, rest);
    } else {
      const [, name = '', labels, value] = SAMPLE.exec(line) ?? [];
      const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
      const sample = labels === undefined ? name : `${name}{${labels}}`;
      if (value === undefined || !types.has(family) || samples.has(sample)) throw new Error(`not a metric: ${line}`);
      samples.set(sample, Number(value.replace('Inf', 'Infinity')));
    }
  }
  return { types, samples };
}
