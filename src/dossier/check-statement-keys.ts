import { CountersignError } from '../errors.js';
import { jsonPointer, type RootPlan } from '../factory/index.js';
import type { PolicyFactory } from '../policy/index.js';
import { keyFromSpkiDer } from '../tuf/index.js';
import { verifyKeyProof } from './key-proof.js';
import type { RootStatement, StatementKey } from './root-statement.js';

/** What an attribute must not be, and what that would mean. What a token does not say is not held against the key. */
const REFUSED: readonly [attribute: keyof StatementKey['attributes'], value: boolean, means: string][] = [
  ['extractable', true, 'it is extractable'],
  ['sensitive', false, 'it is not sensitive: it can be read out'],
  ['local', false, 'it was not generated in its token'],
];

/**
 * Checks a key in a token, as somebody tells of it: the policy names that token for its role, the key is kept there for good, and
 * has proved itself to be held for this role of this Factory.
 *
 * @param pointer to the key in what was told
 * @throws KEY_ROLE_MISMATCH, KEY_ATTRIBUTES, KEY_PROOF_INVALID, KEY_INVALID
 * @throws STATEMENT_KEYS_MISMATCH the key is of another type
 */
export function checkHeldKey(
  key: StatementKey,
  { factory, service }: Pick<RootStatement, 'factory' | 'service'>,
  tokens: PolicyFactory['tokens'],
  pointer: string,
): void {
  const { keyid, role, spkiBase64, keytype } = key;
  requireToken(key, pointer, tokens);
  requireKept(key, pointer);
  const publicKey = keyFromSpkiDer(Buffer.from(spkiBase64, 'base64'));
  if (publicKey.keytype !== keytype) {
    throw mismatch(pointer, `the key ${keyid} is of type ${publicKey.keytype}, not ${keytype}`);
  }
  verifyKeyProof({ factory, keyid, role, service }, publicKey, key.proof);
}

/**
 * Checks the keys of a root update's statement: just the offline keys that its changes bring in, in their order, each in a
 * token that the policy names for its role, kept there for good, and proved by itself to be held for this role of this
 * Factory.
 *
 * @throws STATEMENT_KEYS_MISMATCH one too many or too few, or another key than in the changes
 * @throws KEY_ROLE_MISMATCH, KEY_ATTRIBUTES, KEY_PROOF_INVALID, KEY_INVALID
 */
export function checkStatementKeys(
  { keys, factory, service }: Pick<RootStatement, 'keys' | 'factory' | 'service'>,
  { intent }: Pick<RootPlan, 'intent'>,
  { tokens }: Pick<PolicyFactory, 'tokens'>,
): void {
  const wanted = intent.keys.flatMap((change) =>
    change.op === 'remove-key' ? [] : [{ role: change.role, ...change.new }],
  );
  for (const [index, key] of keys.entries()) {
    const { keyid, role, spkiBase64 } = key;
    const change = wanted[index];
    const same = change?.keyid === keyid && change.role === role && change.spkiBase64 === spkiBase64;
    const pointer = jsonPointer('keys', index);
    if (!same) throw mismatch(pointer, `the changes do not bring in the key ${keyid} for the role ${role} here`);
    checkHeldKey(key, { factory, service }, tokens, pointer);
  }
  const missing = wanted[keys.length];
  if (missing !== undefined) {
    throw mismatch(
      jsonPointer('keys', keys.length),
      `the changes bring in the key ${missing.keyid}, which the statement says nothing of`,
    );
  }
}

/** No signer would sign with a key in another token: once in the root, it would be a key that nobody can use. */
function requireToken({ keyid, role, token }: StatementKey, pointer: string, tokens: PolicyFactory['tokens']): void {
  const fits = tokens.some(
    ({ label, serial, roles }) =>
      label === token.label && (serial === null || serial === token.serial) && roles.includes(role),
  );
  if (fits) return;
  throw new CountersignError('KEY_ROLE_MISMATCH', `the policy has no token ${token.label} for the role ${role}`, {
    pointer: `${pointer}/token`,
    hint: 'a new policy version can name it, or its serial number is another one',
    details: { keyid, role, label: token.label, serial: token.serial },
  });
}

function requireKept({ keyid, attributes }: StatementKey, pointer: string): void {
  for (const [attribute, value, means] of REFUSED) {
    if (attributes[attribute] !== value) continue;
    throw new CountersignError('KEY_ATTRIBUTES', `the key ${keyid} must not come into force: ${means}`, {
      pointer: `${pointer}/attributes/${attribute}`,
      hint: 'make a new key with `countersign key generate`',
      details: { keyid },
    });
  }
}

function mismatch(pointer: string, message: string): CountersignError {
  return new CountersignError('STATEMENT_KEYS_MISMATCH', message, { pointer });
}
