import { CountersignError } from '../../errors.js';
import { factoryInLabel, formatKeyLabel, messageLimitOf } from '../key-rules/index.js';
import type { TokenInfo } from '../pkcs11/index.js';
import type { TokenKey } from '../token-types.js';
import { makeKeyPair } from './make-key-pair.js';
import type { OpenToken } from './open-token.js';
import type { GenerateRequest } from './protocol.js';

/**
 * Makes the standby key of a role, and keeps it only if it is as secret as it should be and has signed something.
 *
 * @throws KEY_EXISTS if a standby key is there already, TOKEN_MESSAGE_LIMIT, TOKEN_MECHANISM_MISSING, KEY_ATTRIBUTES,
 *   SIGNATURE_WRONG, INPUT_INVALID
 */
export function generateKey(token: OpenToken, request: GenerateRequest): TokenKey {
  const { info } = token.session.token;
  requireFittingType(info, request);
  const siblings = token
    .keys()
    .filter(({ factory, role }) => factory === factoryInLabel(request.factory) && role === request.role);
  requireNoStandby(siblings, request);
  const ckaLabel = formatKeyLabel({
    factory: factoryInLabel(request.factory),
    role: request.role,
    n: 1 + Math.max(0, ...siblings.map(({ ckaLabel: label }) => Number(label.split(':')[3]))),
  });
  return makeKeyPair(token, request.type, ckaLabel, (pair) => token.describe(pair));
}

/** A targets document soon outgrows what such a token signs with Ed25519. */
function requireFittingType(info: TokenInfo, { role, type }: GenerateRequest): void {
  const limit = type === 'ed25519' ? messageLimitOf(info, 'ED25519') : null;
  if (role !== 'targets' || limit === null) return;
  throw new CountersignError(
    'TOKEN_MESSAGE_LIMIT',
    `the token ${info.label} signs at most ${limit} bytes with Ed25519, and targets metadata is longer`,
    { hint: 'make an RSA key instead: --type rsa3072 or --type rsa4096', details: { token: info.label, limit } },
  );
}

/** A role has one standby key in a token: the one that the next rotation takes. */
function requireNoStandby(siblings: readonly TokenKey[], { consumed, force, factory, role }: GenerateRequest): void {
  const standby = siblings.filter(({ keyid }) => !consumed.includes(keyid));
  if (force || standby.length === 0) return;
  throw new CountersignError('KEY_EXISTS', `the token holds a ${role} key of ${factory} that is not in use yet`, {
    hint: 'use that key, or add --force to make another one beside it',
    details: { keyids: standby.map(({ keyid }) => keyid), labels: standby.map(({ ckaLabel }) => ckaLabel) },
  });
}
