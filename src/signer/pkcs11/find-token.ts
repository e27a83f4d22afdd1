import { CountersignError } from '../../errors.js';
import type { TokenSelector } from '../token-types.js';
import type { Pkcs11Module, TokenInSlot } from './module.js';

/**
 * The one initialised token that `selector` names.
 *
 * @throws TOKEN_NOT_FOUND, TOKEN_AMBIGUOUS; CONFIG_INVALID if neither label nor serial is given
 */
export function findToken(module: Pkcs11Module, selector: TokenSelector): TokenInSlot {
  const { label, serial } = selector;
  if (label === undefined && serial === undefined) {
    throw new CountersignError('CONFIG_INVALID', 'a token is named by its label or its serial');
  }
  const present = module.tokens().filter(({ info }) => info.initialised);
  const matching = present.filter(
    ({ info }) => (label === undefined || info.label === label) && (serial === undefined || info.serial === serial),
  );
  const [token, ...others] = matching;
  if (token === undefined) {
    throw new CountersignError('TOKEN_NOT_FOUND', `no token ${describeSelector(selector)} is present`, {
      hint: 'check that the token is plugged in and that the module finds it',
      details: { present: present.map(({ info }) => `${info.label} (serial ${info.serial})`) },
    });
  }
  if (others.length > 0) {
    throw new CountersignError('TOKEN_AMBIGUOUS', `${matching.length} tokens match ${describeSelector(selector)}`, {
      hint: 'name the token by its serial',
      details: { serials: matching.map(({ info }) => info.serial) },
    });
  }
  return token;
}

function describeSelector({ label, serial }: TokenSelector): string {
  const parts = [
    ...(label === undefined ? [] : [`with label ${label}`]),
    ...(serial === undefined ? [] : [`with serial ${serial}`]),
  ];
  return parts.join(' and ');
}
