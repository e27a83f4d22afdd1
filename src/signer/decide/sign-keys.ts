import { CountersignError } from '../../errors.js';
import type { StatementDocument } from '../../dossier/index.js';
import type { PolicyFactory } from '../../policy/index.js';
import type { Root } from '../../tuf/index.js';
import { factoryInLabel, requireSecrecy, requireWithinLimit } from '../key-rules/index.js';
import type { KeyRole, TokenKey } from '../token-types.js';
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
  /** Whose keys the document's signatures are verified with. */
  readonly root: Pick<Root, 'keys'>;
  readonly own: ReadonlyMap<string, OwnKey>;
  readonly factory: PolicyFactory;
  readonly allTokensRead: boolean;
  /** Labels of tokens that have to be there now; empty where a signature may wait for its token. */
  readonly absent: ReadonlySet<string>;
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
  const inToken = requireHeld(key, keyid, question.entry.role, question);
  requireWithinLimit(keyid, question.length, inToken.maxMessageBytes);
}

/**
 * Requires that a key of ours is right for a role in every way: made for it, in one token that is there and that the policy names for it, and
 * not to be taken out.
 *
 * @throws KEY_ROLE_MISMATCH, KEY_AMBIGUOUS, KEY_NOT_FOUND, TOKEN_UNAVAILABLE, KEY_ATTRIBUTES
 */
export function requireHeld(
  key: OwnKey,
  keyid: string,
  role: KeyRole,
  { factory, allTokensRead, absent }: Pick<SignKeyQuestion, 'factory' | 'allTokensRead' | 'absent'>,
): TokenKey {
  requireMadeFor(key, keyid, role, factory.name);
  const [inToken, another] = key.inTokens;
  if (inToken === undefined) throw missing(keyid, key.tokenLabel, allTokensRead);
  if (another !== undefined) {
    throw new CountersignError('KEY_AMBIGUOUS', `the key ${keyid} is in two tokens`, {
      hint: 'a key belongs to one token; take it out of the other',
      details: { keyid, tokens: [inToken.token.label, another.token.label] },
    });
  }
  requireMadeFor(inToken, keyid, role, factory.name);
  if (!isTokenOf(inToken, role, factory)) {
    throw new CountersignError(
      'KEY_ROLE_MISMATCH',
      `the policy has no token ${inToken.token.label} for the role ${role} of ${factory.name}`,
      {
        hint: 'a new policy version can name it, or its serial number is another one',
        details: { keyid, role, label: inToken.token.label, serial: inToken.token.serial },
      },
    );
  }
  if (absent.has(inToken.token.label)) throw tokenAway(keyid, inToken.token.label);
  requireSecrecy(inToken.ckaLabel, inToken.attributes);
  return inToken;
}

/** One key, one role, one Factory. @throws KEY_ROLE_MISMATCH */
export function requireMadeFor(
  key: Pick<OwnKey, 'role' | 'factory'>,
  keyid: string,
  role: string,
  factory: string,
): void {
  if (key.role === role && key.factory === factoryInLabel(factory)) return;
  throw new CountersignError(
    'KEY_ROLE_MISMATCH',
    `the key ${keyid} was made for the role ${key.role} of ${key.factory}, not for ${role} of ${factory}`,
    {
      hint: 'a key has one role in one Factory for as long as it lives',
      details: { keyid, role: key.role, factory: key.factory },
    },
  );
}

function isTokenOf({ token }: TokenKey, role: 'root' | 'targets', { tokens }: PolicyFactory): boolean {
  return tokens.some(
    ({ label, serial, roles }) =>
      label === token.label && (serial === null || serial === token.serial) && roles.includes(role),
  );
}

function missing(keyid: string, tokenLabel: string, allTokensRead: boolean): CountersignError {
  if (!allTokensRead) return tokenAway(keyid, tokenLabel);
  return new CountersignError('KEY_NOT_FOUND', `the key ${keyid} is known to this signer, but in none of its tokens`, {
    hint: 'countersign key list shows what the tokens hold',
    details: { keyid },
  });
}

function tokenAway(keyid: string, token: string): CountersignError {
  return new CountersignError(
    'TOKEN_UNAVAILABLE',
    `the token ${token} with the key ${keyid} is not there at the moment`,
    {
      hint: `attach it; countersign signer unlock ${token} has it looked for at once`,
      details: { keyid, token },
    },
  );
}
