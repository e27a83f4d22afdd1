import type { SignerConfig } from '../config/index.js';
import { isCountersignError } from '../errors.js';
import type { SignerClient } from '../signer/index.js';
import { createLogger } from '../telemetry/index.js';
import type { CliContext } from './context.js';
import { runConfiguredSigner } from './run-configured-signer.js';

/** A smart card takes a second for a signature, and there may be thousands. */
const LONGEST_CALL_MS = 6 * 60 * 60 * 1000;

/**
 * Lets a command use the signer of a configuration: the one that runs, or else one that is started for this alone. So a machine for
 * ceremonies needs no program that runs all the time.
 *
 * @throws what runSigner throws
 */
export async function withSigner<T>(
  context: CliContext,
  config: SignerConfig,
  use: (signer: SignerClient) => Promise<T>,
): Promise<T> {
  const { createSignerClient } = await import('../signer/index.js');
  const client = createSignerClient({ socketPath: config.socket, timeoutMs: LONGEST_CALL_MS });
  if (await answers(client)) return use(client);
  const logger = createLogger({ level: 'warn', style: 'text', program: 'signer' });
  const running = await runConfiguredSigner(context, config, logger);
  try {
    return await use(client);
  } finally {
    await running.close();
  }
}

async function answers(client: SignerClient): Promise<boolean> {
  try {
    await client.status();
    return true;
  } catch (error) {
    if (isCountersignError(error, 'SIGNER_UNAVAILABLE')) return false;
    throw error;
  }
}
