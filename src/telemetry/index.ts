export { describeError } from './describe-error.js';
export { createLogger, type Logger, type LogLevel } from './logger.js';
export {
  createMetrics,
  METRICS_MEDIA_TYPE,
  type CounterMetric,
  type HistogramMetric,
  type Metrics,
} from './metrics.js';
export { currentRequestId, withRequestId } from './request-id.js';
