export { createFoundriesClient, type FoundriesClient } from './client.js';
export type { CallReport } from './call-report.js';
export type { FoundriesClientOptions } from './calls.js';
export type { TokenProvider } from './exchange.js';
