import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { CountersignError } from '../errors.js';
import { HitCounter } from './hit-counter.js';
import { contextOf } from './request-context.js';

export interface RateLimits {
  /** Counts calls of one bearer token. */
  readonly perBearer: RequestHandler;
  /** Counts calls of one address that need no sign-in. */
  readonly perAddress: RequestHandler;
  /** Counts sign-ins of one address. */
  readonly logins: RequestHandler;
  /** Counts bearer tokens of one address that were refused; whoever else shares the address is not locked out. */
  readonly refusals: RequestHandler;
}

const WINDOW_MS = 60_000;

/** Counted in this process; several replicas allow as many times more. */
export function createRateLimits(limits: { requestsPerMinute: number; loginsPerMinute: number }): RateLimits {
  return {
    perBearer: limiter(limits.requestsPerMinute, (_req, res) => contextOf(res).identity?.id ?? 'none'),
    perAddress: limiter(limits.requestsPerMinute, addressOf),
    logins: limiter(limits.loginsPerMinute, addressOf),
    refusals: limiter(limits.loginsPerMinute, addressOf),
  };
}

function limiter(limit: number, keyGenerator: (req: Request, res: Response) => string): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    store: new HitCounter(WINDOW_MS),
    limit,
    keyGenerator,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    // these checks write to the console for headers that any stranger can send
    validate: false,
    handler: (_req, _res, next) => {
      next(
        new CountersignError('RATE_LIMITED', `more than ${limit} requests in a minute`, {
          hint: 'Wait as long as Retry-After says.',
        }),
      );
    },
  });
}

function addressOf(req: Request): string {
  return req.ip === undefined ? 'unknown' : ipKeyGenerator(req.ip);
}
