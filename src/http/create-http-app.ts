import express, { type Express } from 'express';
import helmet from 'helmet';
import { CountersignError } from '../errors.js';
import type { Clock, SigningService } from '../signing/index.js';
import type { Logger } from '../telemetry/index.js';
import { accessLog, type AnswerReport } from './access-log.js';
import type { Auth } from './auth/create-auth.js';
import { createEndings } from './endings.js';
import { createBundleHandlers } from './handlers/bundles.js';
import { createDecisionHandlers } from './handlers/decisions.js';
import { createLoginHandlers } from './handlers/login.js';
import { createRequestKeyHandlers } from './handlers/request-keys.js';
import { createRequestHandlers } from './handlers/requests.js';
import { createRootHandlers } from './handlers/roots.js';
import { createServiceHandlers } from './handlers/service.js';
import { createOpenApiDocument } from './openapi-document.js';
import { problemMiddleware } from './problem/send-problem.js';
import { createRateLimits } from './rate-limits.js';
import { createRouter } from './router.js';

export interface HttpLimits {
  /** For submissions that carry a document; forms are held to 256 KiB. */
  readonly maxBodyBytes: number;
  /** The longest `Prefer: wait` that is granted. */
  readonly maxWaitSeconds: number;
  /** Of one bearer token, and of one address where no sign-in is needed. */
  readonly requestsPerMinute: number;
  /** Sign-ins and refused bearer tokens of one address. */
  readonly loginsPerMinute: number;
}

export interface HttpAppDependencies {
  readonly signing: SigningService;
  readonly auth: Auth;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly limits: HttpLimits;
  /** Where callers reach the service; may have a path. */
  readonly publicUrl?: string;
  /** Whether one reverse proxy stands in front, whose X-Forwarded-For names the caller's address. */
  readonly trustProxy?: boolean;
  /** Told of each request when it was answered. */
  readonly onAnswer?: (report: AnswerReport) => void;
}

export interface HttpApp {
  readonly listener: Express;
  /** Answers all requests that wait for something; called when the service begins to stop. */
  readonly endWaits: () => void;
}

/** The HTTP API as an Express application; `startHttpServer` gives it a port. */
export function createHttpApp(dependencies: HttpAppDependencies): HttpApp {
  const { signing, auth, logger, clock, limits, publicUrl, trustProxy = false, onAnswer } = dependencies;
  const address = publicUrl === undefined ? {} : { publicUrl };
  const endings = createEndings();
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.set('trust proxy', trustProxy ? 1 : false);
  app.use(accessLog(logger, onAnswer));
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    }),
  );
  app.use((_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    next();
  });
  app.use(
    createRouter({
      handlers: {
        ...createRequestHandlers({ signing, clock, maxWaitSeconds: limits.maxWaitSeconds, ...address }),
        ...createRootHandlers(signing, publicUrl),
        ...createBundleHandlers(signing, publicUrl),
        ...createRequestKeyHandlers(signing),
        ...createDecisionHandlers(signing),
        ...createLoginHandlers(auth),
        ...createServiceHandlers({ signing, clock, endings, openapi: () => createOpenApiDocument(address) }),
      },
      auth,
      rateLimits: createRateLimits(limits),
      endings,
      maxBodyBytes: limits.maxBodyBytes,
    }),
  );
  app.use(() => {
    throw new CountersignError('NOT_FOUND', 'there is nothing at this path', {
      hint: '/openapi.json lists all paths.',
    });
  });
  app.use(problemMiddleware(logger));
  return { listener: app, endWaits: () => endings.endAll() };
}
