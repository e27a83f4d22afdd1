import { existsSync, readFileSync } from 'node:fs';
import type { ServiceConfig } from '../../config/index.js';
import { CountersignError } from '../../errors.js';
import { createFoundriesClient, type CallReport } from '../../foundries/index.js';
import { createAuth, createHttpApp, startHttpServer, type HttpServer } from '../../http/index.js';
import { parsePolicy, verifyPolicyChain, type SignedPolicy } from '../../policy/index.js';
import { createSignerClient } from '../../signer/client/index.js';
import { createSigningService, type Clock, type FactoryPort, type SigningService } from '../../signing/index.js';
import type { Logger } from '../../telemetry/index.js';
import { readSecretFile } from '../secret-file.js';
import { loadPins } from '../trust-file.js';
import { startMetricsServer, type MetricsServer } from './metrics-server.js';
import { openConfiguredStore } from './open-configured-store.js';
import type { ServiceHooks } from './service-hooks.js';
import { createServiceMetrics } from './service-metrics.js';
import { proveGateway } from './prove-gateway.js';
import { startGateway } from './start-gateway.js';
import { watchExpiry, type ExpiryWatch } from './watch-expiry.js';

const HOUR_MS = 3_600_000;
const LOGINS_PER_MINUTE = 30;
/** Of the signer, for its metrics: whoever scrapes does not wait long. */
const SIGNER_METRICS_TIMEOUT_MS = 1000;

export interface RunningService {
  readonly http: HttpServer;
  /** Null if it is not configured. */
  readonly gateway: HttpServer | null;
  /** Null if none are configured. */
  readonly metrics: MetricsServer | null;
  readonly signing: SigningService;
  /** Stops listening, lets the step under way end, closes the store. Nothing is lost: the next start goes on. */
  close(): Promise<void>;
}

/** Puts the service together from its configuration and starts it. @throws CONFIG_INVALID, POLICY_…, PINS_MISSING, STORE_… */
export async function runService(
  config: ServiceConfig,
  clock: Clock,
  logger: Logger,
  hooks: ServiceHooks = {},
): Promise<RunningService> {
  const pins = loadPins(config.trust);
  const policies = config.policy.map(loadPolicy);
  const policy = verifyPolicyChain(policies, pins);
  const store = await openConfiguredStore(config);
  const socketPath = config.signer.socket;
  const brisk = createSignerClient({ socketPath, timeoutMs: SIGNER_METRICS_TIMEOUT_MS });
  const metrics = config.metrics === undefined ? null : createServiceMetrics(store, () => brisk.metrics());
  const factories = factoriesOf(config, policy, (report) => {
    logger.debug('Factory call', report);
    metrics?.onFactoryCall(report);
  });
  let gateway: HttpServer | null = null;
  const signing = createSigningService({
    store,
    signer: createSignerClient({ socketPath, timeoutMs: config.signer.timeoutSeconds * 1000 }),
    factories,
    policies,
    pins,
    logger,
    clock,
    ...(config.gateway === undefined ? {} : { checkGateway: () => proveGateway(gateway?.url ?? null) }),
    ...hooks,
    limits: { ...hooks.limits, statementLifetimeMs: config.limits.requestHours * HOUR_MS },
  });
  const address = config.publicUrl === undefined ? {} : { publicUrl: config.publicUrl };
  const auth = createAuth({
    store,
    policy: () => signing.policy(),
    clock,
    service: pins.policySha256,
    sessionMinutes: config.limits.sessionMinutes,
    ...address,
  });
  const maxBodyBytes = config.limits.bodyMegabytes * 1024 * 1024;
  const app = createHttpApp({
    signing,
    auth,
    logger,
    clock,
    trustProxy: config.trustProxy,
    ...(metrics === null ? {} : { onAnswer: metrics.onAnswer }),
    limits: {
      maxBodyBytes,
      maxWaitSeconds: config.limits.waitSeconds,
      requestsPerMinute: config.limits.requestsPerMinute,
      loginsPerMinute: LOGINS_PER_MINUTE,
    },
    ...address,
  });
  const http = await startHttpServer(app, config.listen);
  if (config.gateway !== undefined) {
    gateway = await startGateway(config.gateway, factories.values(), {
      ...{ signing, clock, logger, maxBodyBytes },
      drafts: store.gatewayDrafts,
      ...(metrics === null ? {} : { observer: metrics.gateway }),
    });
  }
  let metricsServer: MetricsServer | null = null;
  let expiry: ExpiryWatch | null = null;
  if (metrics !== null && config.metrics !== undefined) {
    metricsServer = await startMetricsServer(() => metrics.text(), config.metrics.listen, logger);
    expiry = watchExpiry(
      factories.values(),
      { pins, policy },
      { observer: metrics.expiry, logger, now: () => clock.now() },
    );
  }
  signing.start();
  return {
    http,
    gateway,
    metrics: metricsServer,
    signing,
    async close() {
      await Promise.all([http.close(), gateway?.close()]);
      await expiry?.stop();
      await metricsServer?.close();
      await signing.stop();
      await store.close();
    },
  };
}

export function loadPolicy(path: string): SignedPolicy {
  if (!existsSync(path)) {
    throw new CountersignError('CONFIG_INVALID', `the policy file ${path} does not exist`, {
      hint: 'make it with `countersign policy draft` and have it signed',
      details: { path },
    });
  }
  return parsePolicy(readFileSync(path));
}

function factoriesOf(
  config: ServiceConfig,
  { policy }: SignedPolicy,
  onCall: (report: CallReport) => void,
): ReadonlyMap<string, FactoryPort> {
  const factories = new Map<string, FactoryPort>();
  for (const [name, { tokenFile, timeoutSeconds }] of Object.entries(config.factories)) {
    const url = policy.factories.find((factory) => factory.name === name)?.url;
    if (url === undefined) {
      throw new CountersignError('FACTORY_NOT_IN_POLICY', `the policy knows no Factory ${name}`, {
        hint: 'mend its name in the service’s configuration, or sign a policy that has it',
        details: { factory: name },
      });
    }
    const token = (): string => readSecretFile(tokenFile);
    token(); // a missing or open file is said at the start, not at the first request
    factories.set(
      name,
      createFoundriesClient({
        factory: name,
        url,
        token,
        userAgent: 'countersign',
        timeoutMs: timeoutSeconds * 1000,
        onCall,
      }),
    );
  }
  return factories;
}
