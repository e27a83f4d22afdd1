import type { Progress } from '../protocol.js';

/** So often within the time after which silence is too long. */
const LOOKS = 4;

/**
 * Looks now and then how many signatures the signer has made for a call that it answers only with the last of them, which may take
 * longer than it may be silent. A look that fails says nothing.
 *
 * @param heard called when there are more than the last time
 * @returns ends it
 */
export function followProgress(ask: () => Promise<Progress>, silenceMs: number, heard: () => void): () => void {
  let known = -1;
  let timer: NodeJS.Timeout;
  let isOver = false;
  const look = async (): Promise<void> => {
    const { made } = await ask();
    if (isOver || made === known) return;
    known = made;
    heard();
  };
  const lookLater = (): void => {
    timer = setTimeout(() => {
      void look()
        .catch(() => undefined)
        .then(() => {
          if (!isOver) lookLater();
        });
    }, silenceMs / LOOKS);
  };
  lookLater();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
