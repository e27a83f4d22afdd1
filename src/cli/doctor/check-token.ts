import type { SignerConfig, SignerTokenConfig } from '../../config/index.js';
import { readToken, type SignerStatus, type TokenKey } from '../../signer/index.js';
import { createLogger } from '../../telemetry/index.js';
import { tokenConfig } from '../signer-tokens.js';
import { isForCeremonies } from './check-signer.js';
import { examine, fail, ok, warn, type Finding } from './finding.js';

/**
 * Module, token, its keys and what they can sign. Asks the token itself, with a login of its own; but not when the signer runs
 * and could not log in, because then each try may be the last one that the PIN has.
 */
export function checkToken(
  token: SignerTokenConfig,
  { stateDir }: SignerConfig,
  status: SignerStatus | null,
): Promise<Finding[]> {
  const name = token.label ?? token.serial ?? '';
  const check = `token ${name}`;
  const known = status?.tokens.find(({ label, serial }) => label === name || serial === name);
  if (known !== undefined && isForCeremonies(known)) {
    return Promise.resolve([ok(check, 'is not there; only root updates wait for it')]);
  }
  if (known !== undefined && known.state !== 'ready') {
    const todo = 'the signer’s log says why; `countersign signer pin-reset` once the PIN is right';
    return Promise.resolve([fail(check, `the signer has it as ${known.state}`, todo)]);
  }
  return examine(check, 'check module, its environment and the token with the vendor’s tool', async () => {
    const logger = createLogger({ level: 'error', style: 'text', program: 'doctor' });
    const { keys, canary } = await readToken(tokenConfig(token), { logger, stateDir });
    const proof =
      canary === null
        ? warn(`canary of ${name}`, 'there is no canary key', `countersign key generate --role canary --token ${name}`)
        : ok(`canary of ${name}`, `is ${canary.keyid.slice(0, 12)}`);
    if (keys.length === 0) return [warn(check, 'answers, and has no key of ours', 'countersign key generate')];
    return [ok(check, `answers, with ${keys.length} key(s)`), ...keys.flatMap(judgeKey), proof];
  });
}

function judgeKey({ keyid, role, factory, keytype, attributes, maxMessageBytes }: TokenKey): Finding[] {
  const check = `key ${keyid.slice(0, 12)}`;
  const { sensitive, extractable, alwaysSensitive, neverExtractable } = attributes;
  const loose = sensitive === false || extractable === true || alwaysSensitive === false || neverExtractable === false;
  const what = `${keytype} for ${role} of ${factory}`;
  return [
    loose
      ? fail(check, `${what} can leave the token, or once could`, 'make another key inside the token, and rotate to it')
      : ok(check, `${what} cannot leave the token`),
    ...(maxMessageBytes === null
      ? []
      : [warn(check, `signs at most ${maxMessageBytes} bytes`, 'use an RSA key for documents that grow')]),
  ];
}
