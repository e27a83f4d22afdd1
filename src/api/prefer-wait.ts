/**
 * The seconds that a `Prefer` header asks to wait (RFC 7240 section 4.3), cut to what the service grants. What
 * cannot be understood is ignored, as section 2 of that RFC wants it.
 */
export function preferredWait(prefer: string | undefined, maxSeconds: number): number {
  const waits = (prefer ?? '')
    .split(',')
    .map((preference) => /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference)?.[1]);
  const first = waits.find((seconds) => seconds !== undefined);
  return first === undefined ? 0 : Math.min(Number(first), maxSeconds);
}
