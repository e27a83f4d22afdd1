import type { CliContext } from './context.js';

/** Resolves at SIGINT or SIGTERM: what a program that runs on waits for. */
export async function untilInterrupted(context: CliContext): Promise<void> {
  if (context.interrupted.aborted) return;
  await new Promise<void>((resolve) => context.interrupted.addEventListener('abort', () => resolve(), { once: true }));
}
