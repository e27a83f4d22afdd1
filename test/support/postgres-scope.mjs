/**
 * Before a whole test run: names the folder in which the first test that wants PostgreSQL starts it (see postgres.ts).
 * Tests that need none do not wait for it.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default async function setup() {
  // The test processes inherit it.
  process.env.COUNTERSIGN_TEST_POSTGRES = await mkdtemp(join(tmpdir(), 'countersign-pg-'));
}
