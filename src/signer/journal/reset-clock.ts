import type { Logger } from '../../telemetry/index.js';
import { formatTime } from '../../tuf/index.js';
import { Journal } from './journal.js';

/**
 * The operator's word that the last entries of a journal were written by a clock that was ahead, and that it is right now. Without it
 * nothing is signed before the time of the last entry has come. The word stands in the journal for ever. The signer must be stopped.
 *
 * @returns the time of the last entry and the time from which the journal goes on; null if the clock is not behind, and nothing was written
 * @throws SIGNER_BUSY, SIGNER_NOT_INITIALISED, JOURNAL_DAMAGED, JOURNAL_WRITE_FAILED
 */
export async function resetClock(
  stateDir: string,
  now: Date,
  logger: Logger,
): Promise<{ was: string; now: string } | null> {
  const journal = await Journal.open({ stateDir, logger });
  try {
    const { at: was } = journal.state.head;
    if (formatTime(now) >= was) return null;
    const { at } = await journal.resetClock(now);
    return { was, now: at };
  } finally {
    await journal.close();
  }
}
