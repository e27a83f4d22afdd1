/** How much of a dossier is read before it is refused. */
export interface DossierLimits {
  /** Longest line: bytes where bytes are read, characters where lines are. */
  readonly maxLineLength: number;
  /** All lines together, counted the same way. */
  readonly maxTotalLength: number;
  readonly maxLines: number;
}

// A Factory's CI targets are the longest line: 10 MB is usual, and JSON quotes add a quarter.
export const DEFAULT_DOSSIER_LIMITS: DossierLimits = {
  maxLineLength: 64 * 1024 * 1024,
  maxTotalLength: 512 * 1024 * 1024,
  maxLines: 100_000,
};
