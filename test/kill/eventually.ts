/** Long enough for any machine: it only ends what would never come. */
const GUARD_MS = 300_000;
const LOOK_EVERY_MS = 50;

/** What `look` finds as soon as it finds something; for what other processes do without telling. */
export async function eventually<T>(
  what: string | (() => string),
  look: () => T | null | Promise<T | null>,
): Promise<T> {
  const until = Date.now() + GUARD_MS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > until) throw new Error(`it never came: ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
