import type { RequestHandler } from 'express';
import { HEADERS } from '../api/index.js';
import { withRequestId, type Logger } from '../telemetry/index.js';
import { contextOf } from './request-context.js';

const MAX_PATH_CHARS = 200;

/** One answered request, as it is counted. */
export interface AnswerReport {
  /** Id of the operation, `unknown` for what the API does not know. */
  readonly operation: string;
  readonly status: number;
  readonly seconds: number;
}

/**
 * Gives each request its id and writes one line when it has ended. Neither headers nor bodies nor the query
 * are written: any of them may hold a secret that somebody put in the wrong place. All that it causes is done in its
 * name, so that its id stands in those lines too.
 */
export function accessLog(logger: Logger, onAnswer: (report: AnswerReport) => void = () => undefined): RequestHandler {
  return (req, res, next) => {
    const context = contextOf(res);
    res.setHeader(HEADERS.requestId, context.requestId);
    const path = req.path.slice(0, MAX_PATH_CHARS);
    res.once('close', () => {
      const seconds = (performance.now() - context.startedMs) / 1000;
      onAnswer({ operation: context.operation ?? 'unknown', status: res.statusCode, seconds });
      logger.info('request', {
        requestId: context.requestId,
        method: req.method,
        path,
        status: res.statusCode,
        durationMs: Math.round(seconds * 1000),
        ...(context.identity === null ? {} : { caller: context.identity.caller.name, callerId: context.identity.id }),
        ...(context.code === null ? {} : { code: context.code }),
        ...(res.writableFinished ? {} : { aborted: true }),
      });
    });
    withRequestId(context.requestId, next);
  };
}
