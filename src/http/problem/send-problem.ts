import type { ErrorRequestHandler, Response } from 'express';
import { MEDIA_TYPES } from '../../api/index.js';
import { describeError, type Logger } from '../../telemetry/index.js';
import { contextOf } from '../request-context.js';
import { fromForeignError, toProblem } from './to-problem.js';

/** The one place where errors become answers. What is the service's own fault goes to the log with its cause. */
export function problemMiddleware(logger: Logger): ErrorRequestHandler {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows an error handler by its four parameters
  return (thrown: unknown, _req, res, _next) => {
    const error = fromForeignError(thrown);
    const context = contextOf(res);
    const problem = toProblem(error, context.requestId);
    context.code = problem.code;
    if (problem.status >= 500) {
      logger.error('a request failed', {
        requestId: context.requestId,
        code: problem.code,
        error: describeError(error),
      });
    }
    if (res.headersSent) {
      // the answer is under way and cannot be taken back; a cut connection is the only honest sign
      res.destroy();
      return;
    }
    if (problem.status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
    if (problem.status === 503) res.setHeader('Retry-After', '5');
    sendProblem(res, problem);
  };
}

function sendProblem(res: Response, problem: ReturnType<typeof toProblem>): void {
  const bytes = Buffer.from(JSON.stringify(problem));
  res.status(problem.status);
  res.setHeader('Content-Type', MEDIA_TYPES.problem);
  res.setHeader('Content-Length', bytes.length);
  res.end(bytes);
}
