import { requirePinFile } from '../../signer/index.js';
import type { SignerTokenConfig } from '../../config/index.js';
import { examine, ok, type Finding } from './finding.js';

/** Whether a token's PIN file is there, holds something and is nobody else's to read. The PIN itself goes nowhere. */
export function checkPinFile(token: SignerTokenConfig): Promise<Finding[]> {
  const check = `PIN file of ${token.label ?? token.serial ?? ''}`;
  return examine(check, `look at ${token.pinFile}`, () => {
    requirePinFile(token.pinFile);
    return [ok(check, `${token.pinFile} is readable by its owner alone`)];
  });
}
