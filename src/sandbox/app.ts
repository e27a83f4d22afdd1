import express, { Router, type Express } from 'express';
import type { Logger } from '../telemetry/index.js';
import { errorHandler } from './answers.js';
import { createAuthenticate } from './authenticate.js';
import type { Clock } from './clock.js';
import { factoryRoutes } from './factory-routes.js';
import { FaultList } from './fault-list.js';
import { faultRoutes } from './fault-routes.js';
import { faultyCalls } from './faulty-calls.js';
import type { SandboxPerson } from './people.js';
import { Refusal } from './refusal.js';
import { repoRoutes } from './repo-routes.js';
import type { StateStore } from './state-store.js';
import { waveRoutes } from './wave-routes.js';

export interface SandboxAppOptions {
  readonly factory: string;
  readonly people: readonly SandboxPerson[];
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxBodyBytes: number;
  /** Whether it can be told what shall go wrong. */
  readonly faults: boolean;
}

/** The HTTP API of one Factory, as far as roots, targets and Waves need it. */
export function createSandboxApp(options: SandboxAppOptions): Express {
  const { factory, people, store, clock, logger, maxBodyBytes } = options;
  const app = express();
  const authenticate = createAuthenticate(factory, people, clock);
  app.disable('x-powered-by');
  app.disable('etag'); // documents are compared by their bytes here, not by a cache's

  app.use((request, response, next) => {
    response.on('finish', () => {
      logger.debug('answered', { method: request.method, path: request.path, status: response.statusCode });
    });
    next();
  });
  // Bodies stay bytes: tuf parses them. Not inflated, because nobody who calls this API compresses.
  app.use(express.raw({ type: () => true, limit: maxBodyBytes, inflate: false }));

  const api = (over: StateStore): Router =>
    Router()
      .use(`/ota/repo/${factory}/api/v1/user_repo`, repoRoutes(over, authenticate, clock))
      .use(`/ota/factories/${factory}`, factoryRoutes(over, authenticate, clock))
      .use(`/ota/factories/${factory}/waves`, waveRoutes(over, authenticate, clock));
  const faults = options.faults ? new FaultList(factory) : null;
  app.use('/_sandbox/faults', faultRoutes(faults, store));
  app.use(faults === null ? api(store) : faultyCalls(faults, store, api));
  app.use((request) => {
    authenticate(request, null); // who has no token learns nothing about what is here
    throw new Refusal(404, 'No such resource');
  });
  app.use(errorHandler(logger));
  return app;
}
