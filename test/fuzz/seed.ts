/** What `npm test` tries is the same in every run, unless this says otherwise. */
const FIXED = 20261122;

export const FUZZ_SEED = Number(process.env['COUNTERSIGN_FUZZ_SEED'] ?? FIXED);

/** So many of the million inputs of the long run does `npm test` try: about a minute of one core, the signer and the HTTP API included. */
const ONE_IN = 100;

export function testRuns(share: number): number {
  return Math.ceil(share / ONE_IN);
}

/** A guard; what hangs is ended by the watchdog, which keeps the input. */
export const TEST_TIMEOUT_MS = 900_000;
