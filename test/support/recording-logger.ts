import type { Logger } from '../../src/telemetry/index.js';

export interface RecordingLogger extends Logger {
  /** Every line so far, message and members as one JSON text. */
  readonly lines: readonly string[];
  /** Drops the lines so far, so that a test of many requests does not keep them all. */
  forget(): void;
  /** Resolves with the first line, already written or yet to come, that contains all of `parts`. */
  line(...parts: string[]): Promise<string>;
}

/** A logger that a test can read, and wait for. */
export function recordingLogger(): RecordingLogger {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const write = (level: string) => (message: unknown, members?: unknown) => {
    lines.push(JSON.stringify({ level, message, members }));
    for (const look of [...waiting]) look();
    return logger;
  };
  const logger = {
    lines,
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    child: () => logger,
    forget: () => {
      lines.length = 0;
    },
    line: (...parts: string[]) =>
      new Promise<string>((resolve) => {
        const look = (): void => {
          const found = lines.find((line) => parts.every((part) => line.includes(part)));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  } as unknown as RecordingLogger; // winston's types want a whole winston logger from each call
  return logger;
}
