import type { RequestHandler } from 'express';
import { HEADERS } from '../api/index.js';
import type { Logger } from '../telemetry/index.js';
import { contextOf } from './request-context.js';

const MAX_PATH_CHARS = 200;

/**
 * Gives each request its id and writes one line when it has ended. Neither headers nor bodies nor the query
 * are written: any of them may hold a secret that somebody put in the wrong place.
 */
export function accessLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const context = contextOf(res);
    res.setHeader(HEADERS.requestId, context.requestId);
    const path = req.path.slice(0, MAX_PATH_CHARS);
    res.once('close', () => {
      logger.info('request', {
        requestId: context.requestId,
        method: req.method,
        path,
        status: res.statusCode,
        durationMs: Math.round(performance.now() - context.startedMs),
        ...(context.identity === null ? {} : { caller: context.identity.caller.name, callerId: context.identity.id }),
        ...(context.code === null ? {} : { code: context.code }),
        ...(res.writableFinished ? {} : { aborted: true }),
      });
    });
    next();
  };
}
