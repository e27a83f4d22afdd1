/** The code of a system error, e.g. `ENOENT`; null for anything else. Looks at the shape: the error may be of another realm. */
export function errnoOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
