import type { SignerConfig } from '../config/index.js';
import type { RunningSigner } from '../signer/index.js';
import type { Logger } from '../telemetry/index.js';
import type { CliContext } from './context.js';

/**
 * Runs the signer of a configuration in this process. What touches tokens is loaded only now.
 *
 * @throws what runSigner throws
 */
export async function runConfiguredSigner(
  context: CliContext,
  config: SignerConfig,
  logger: Logger,
): Promise<RunningSigner> {
  const { openTokenPools, runSigner } = await import('../signer/index.js');
  const { tokenConfig } = await import('./signer-tokens.js');
  return runSigner({
    stateDir: config.stateDir,
    socketPath: config.socket,
    openTokens: ({ onJobTaken }) =>
      openTokenPools(config.tokens.map(tokenConfig), { stateDir: config.stateDir, logger, onJobTaken }),
    logger,
    now: context.now,
    ...context.hooks?.signer,
  });
}
