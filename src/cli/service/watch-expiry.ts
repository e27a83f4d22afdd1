import type { FactoryPort } from '../../signing/index.js';
import { describeError, type Logger } from '../../telemetry/index.js';
import { readPublished, type Trusted } from '../published.js';

/** Expiry dates change with releases and rotations, and matter in days. */
const REFRESH_MS = 3_600_000;
const RETRY_MS = 300_000;

export interface ExpiryObserver {
  /** `targets` of production: of all tags the one that ends first. */
  onExpiry(factory: string, document: ExpiringDocument, expires: Date): void;
  /** Everything of this Factory was read and verified. */
  onChecked(factory: string, at: Date): void;
}

export type ExpiringDocument = 'ci-root' | 'production-root' | 'ci-targets' | 'production-targets';

export interface ExpiryWatch {
  /** Resolves when a look that is under way has ended. */
  stop(): Promise<void>;
}

/** Looks now and every hour until when each Factory's published documents are good. A failed look is repeated sooner. */
export function watchExpiry(
  factories: Iterable<FactoryPort>,
  trusted: Trusted,
  { observer, logger, now }: { observer: ExpiryObserver; logger: Logger; now: () => Date },
): ExpiryWatch {
  const stops = Array.from(factories, (port) => {
    let timer: NodeJS.Timeout | undefined;
    let isStopped = false;
    const look = async (): Promise<void> => {
      const isGood = await lookAt(port, trusted, observer, now).then(
        () => true,
        (error: unknown) => {
          logger.warn('expiry dates could not be read', { factory: port.name, error: describeError(error) });
          return false;
        },
      );
      if (isStopped) return;
      timer = setTimeout(() => void (looking = look()), isGood ? REFRESH_MS : RETRY_MS);
      timer.unref();
    };
    let looking = look();
    return async () => {
      isStopped = true;
      clearTimeout(timer);
      await looking;
    };
  });
  return {
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

/** Says what it finds as it goes: that one document cannot be read does not hide how long the others last. */
async function lookAt(port: FactoryPort, trusted: Trusted, observer: ExpiryObserver, now: () => Date): Promise<void> {
  const published = readPublished(port, trusted);
  const tell = (document: ExpiringDocument, expires: string): void =>
    observer.onExpiry(port.name, document, new Date(expires));
  tell('ci-root', (await published.root('ci')).signed.expires);
  tell('production-root', (await published.root('production')).signed.expires);
  tell('ci-targets', (await published.ciTargets()).signed.expires);
  const found: string[] = [];
  for (const tag of await published.tags()) {
    const targets = await published.productionTargets(tag);
    if (targets !== null) found.push(targets.signed.expires);
  }
  const [first] = found.sort((a, b) => Date.parse(a) - Date.parse(b));
  if (first !== undefined) tell('production-targets', first);
  observer.onChecked(port.name, now());
}
