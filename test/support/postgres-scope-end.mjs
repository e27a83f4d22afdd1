/** After a whole test run: stops PostgreSQL, if any test started it, and takes its folder away. */
import { rm } from 'node:fs/promises';
import { stopPostgres } from './postgres-server.mjs';

export default async function teardown() {
  const folder = process.env.COUNTERSIGN_TEST_POSTGRES;
  if (folder === undefined) return;
  stopPostgres(folder);
  await rm(folder, { recursive: true, force: true });
}
