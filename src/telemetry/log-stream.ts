import { Writable } from 'node:stream';

/** So much is kept for a reader of the log that has stopped reading; what comes after it is dropped. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;

/**
 * Puts lines on `out` for as long as that takes them. A log whose reader is gone or stands still, or whose disk is full, is
 * no reason to stop the work, to wait, or to fill the memory: lines are lost then and counted.
 *
 * @param out its `error` events are taken care of
 * @param onLost told how many lines are missing, once there is room for saying so
 */
export function createLogStream(out: Writable, onLost: (lines: number) => void): Writable {
  let lost = 0;
  // What went wrong with a line stands in that line's own callback.
  out.on('error', noop);
  const written = (error: Error | null | undefined): void => {
    if (error) {
      lost += 1;
    } else if (lost > 0) {
      const lines = lost;
      lost = 0;
      onLost(lines);
    }
  };
  return new Writable({
    write(line: Buffer, _encoding, done) {
      if (out.writableLength > MAX_BACKLOG_BYTES) lost += 1;
      else out.write(line, written);
      done();
    },
  });
}

function noop(): void {
  // The listener itself is what counts: without one, an error ends the process.
}
