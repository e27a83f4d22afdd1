import { createFoundriesClient } from '../foundries/index.js';
import type { FactoryPort } from '../signing/index.js';

const TIMEOUT_MS = 30_000;

/** The Factory's API with the caller's own token. */
export function factoryClient(factory: { name: string; url: string; token: () => string }): FactoryPort {
  return createFoundriesClient({
    factory: factory.name,
    url: factory.url,
    token: factory.token,
    userAgent: 'countersign',
    timeoutMs: TIMEOUT_MS,
  });
}
