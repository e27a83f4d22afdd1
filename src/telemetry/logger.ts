import type { Writable } from 'node:stream';
import { createLogger as createWinston, format, transports, type Logger as WinstonLogger } from 'winston';
import { createLogStream } from './log-stream.js';
import { redact } from './redact.js';
import { currentRequestId } from './request-id.js';

export type Logger = Pick<WinstonLogger, 'error' | 'warn' | 'info' | 'debug' | 'child'>;
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/**
 * A logger that writes to stderr, so that stdout stays free for data: one JSON object a line, or a
 * short readable line for people at a terminal. Members whose names promise a secret are redacted
 * on the way out, whoever logged them. A log that cannot be written holds nothing up: lines are dropped, and how many is said later.
 * What is done in the name of a request carries its `requestId`.
 */
export function createLogger(
  options: { level: LogLevel; style: 'json' | 'text'; program: string },
  out: Writable = process.stderr,
): Logger {
  const scrub = format((info) => redact(info) as typeof info);
  const text = format.printf(({ level, message, timestamp, program, ...rest }) => {
    const members = JSON.stringify(rest);
    return `${String(timestamp)} ${String(program)} ${level}: ${String(message)}${members === '{}' ? '' : ` ${members}`}`;
  });
  const stream = createLogStream(out, (lines) => logger.warn('lines of the log were lost', { lines }));
  const logger = createWinston({
    level: options.level,
    defaultMeta: {
      program: options.program,
      // read when a line is written, not when it leaves: by then other work may be under way
      get requestId() {
        return currentRequestId();
      },
    },
    format: format.combine(
      format.errors({ stack: true }),
      scrub(),
      format.timestamp(),
      options.style === 'json' ? format.json() : text,
    ),
    // winston's own types disagree with each other here; the value is what its documentation shows
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    transports: [new transports.Stream({ stream })],
  });
  // it would make a line of everything before it looks whether anybody wants it
  if (!logger.isDebugEnabled()) logger.debug = () => logger;
  return logger;
}
