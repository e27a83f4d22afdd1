import { CountersignError } from '../../errors.js';
import type { StatementDocument } from '../../dossier/index.js';
import type { PolicyFactory } from '../../policy/index.js';
import type { Root } from '../../tuf/index.js';
import { factoryInLabel, requireSecrecy, requireWithinLimit } from '../key-rules/index.js';
import type { TokenKey } from '../token-types.js';
import { findOwnKey, type OwnKey } from './own-keys.js';

export interface SignKey {
  /** As the root names the key: what the signature will carry. */
  readonly keyid: string;
  /** As the token's key is named here. */
  readonly key: string;
}

export interface SignKeyQuestion {
  readonly entry: StatementDocument;
  readonly length: number;
  readonly root: Root;
  readonly own: ReadonlyMap<string, OwnKey>;
  readonly factory: PolicyFactory;
  readonly allTokensRead: boolean;
}

/**
 * Which of a document's keyids this signer signs for. The others belong to other signers and are passed over; but each that is
 * ours has to be right in every way.
 *
 * @returns empty if none is ours
 * @throws KEY_ROLE_MISMATCH, KEY_AMBIGUOUS, KEY_NOT_FOUND, TOKEN_UNAVAILABLE, KEY_ATTRIBUTES, TOKEN_MESSAGE_LIMIT
 */
export function signKeys(question: SignKeyQuestion): SignKey[] {
  const { entry, root, own } = question;
  const chosen: SignKey[] = [];
  for (const keyid of entry.sign) {
    const key = findOwnKey(own, root, keyid);
    if (key === null) continue;
    if (chosen.some((other) => other.key === key.keyid)) {
      throw new CountersignError(
        'KEY_AMBIGUOUS',
        `the statement names one key under two keyids, one of them ${keyid}`,
        {
          pointer: '/documents',
          details: { keyid, key: key.keyid },
        },
      );
    }
    requireFitting(key, keyid, question);
    chosen.push({ keyid, key: key.keyid });
  }
  return chosen;
}

function requireFitting(key: OwnKey, keyid: string, question: SignKeyQuestion): void {
  const { entry, factory } = question;
  requireRole(key.role, key.factory, keyid, question);
  const [inToken, another] = key.inTokens;
  if (inToken === undefined) throw missing(keyid, question.allTokensRead);
  if (another !== undefined) {
    throw new CountersignError('KEY_AMBIGUOUS', `the key ${keyid} is in two tokens`, {
      hint: 'a key belongs to one token; take it out of the other',
      details: { keyid, tokens: [inToken.token.label, another.token.label] },
    });
  }
  requireRole(inToken.role, inToken.factory, keyid, question);
  if (!isTokenOf(inToken, entry.role, factory)) {
    throw new CountersignError(
      'KEY_ROLE_MISMATCH',
      `the policy has no token ${inToken.token.label} for the role ${entry.role} of ${factory.name}`,
      {
        hint: 'a new policy version can name it, or its serial number is another one',
        details: { keyid, role: entry.role, label: inToken.token.label, serial: inToken.token.serial },
      },
    );
  }
  requireSecrecy(inToken.ckaLabel, inToken.attributes);
  requireWithinLimit(keyid, question.length, inToken.maxMessageBytes);
}

function requireRole(role: string, ofFactory: string, keyid: string, { entry, factory }: SignKeyQuestion): void {
  if (role === entry.role && ofFactory === factoryInLabel(factory.name)) return;
  throw new CountersignError(
    'KEY_ROLE_MISMATCH',
    `the key ${keyid} was made for the role ${role} of ${ofFactory}, not for ${entry.role} of ${factory.name}`,
    { hint: 'a key has one role in one Factory for as long as it lives', details: { keyid, role, factory: ofFactory } },
  );
}

function isTokenOf({ token }: TokenKey, role: 'root' | 'targets', { tokens }: PolicyFactory): boolean {
  return tokens.some(
    ({ label, serial, roles }) =>
      label === token.label && (serial === null || serial === token.serial) && roles.includes(role),
  );
}

function missing(keyid: string, allTokensRead: boolean): CountersignError {
  const details = { keyid };
  return allTokensRead
    ? new CountersignError('KEY_NOT_FOUND', `the key ${keyid} is known to this signer, but in none of its tokens`, {
        hint: 'countersign key list shows what the tokens hold',
        details,
      })
    : new CountersignError('TOKEN_UNAVAILABLE', `the token with the key ${keyid} is not there at the moment`, {
        details,
      });
}
