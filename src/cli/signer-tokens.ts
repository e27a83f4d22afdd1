import type { SignerConfig, SignerTokenConfig } from '../config/index.js';
import { CountersignError } from '../errors.js';
import type { TokenConfig } from '../signer/index.js';

/** A token of the signer's configuration as its worker pool takes it. */
export function tokenConfig(token: SignerTokenConfig): TokenConfig {
  const { signTimeoutSeconds, ...rest } = token;
  return { ...rest, signTimeoutMs: signTimeoutSeconds * 1000 };
}

/**
 * The configured token of that label or serial, or the only one.
 *
 * @throws USAGE
 */
export function chooseToken(config: SignerConfig, name: string | undefined): SignerTokenConfig {
  const found = config.tokens.filter((token) => name === undefined || token.label === name || token.serial === name);
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const known = config.tokens.map((token) => token.label ?? token.serial ?? '').join(', ');
  throw new CountersignError('USAGE', name === undefined ? 'which token?' : `no token ${name} is configured`, {
    hint: `give --token with one of: ${known}`,
  });
}
