import type { VerifiedRootDossier } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { REPOSITORIES } from '../../factory/index.js';
import { keyFromSpkiDer } from '../../tuf/index.js';
import type { SignerState } from '../journal/index.js';
import { findOwnKey, nameByValue, type OwnKey } from './own-keys.js';
import { requireHeld, requireMadeFor, type SignKeyQuestion } from './sign-keys.js';

/**
 * Requires of the keys that new roots name: those of this signer in the role and the Factory that the journal has of them, new ones in their
 * token now; none of another Factory. That each new key is held by somebody, its proof in the statement says.
 *
 * @returns the keys of this signer among them, as they are named here
 * @throws KEY_ROLE_MISMATCH, ROOT_KEY_OTHER_FACTORY, KEY_NOT_FOUND, KEY_AMBIGUOUS, TOKEN_UNAVAILABLE, KEY_ATTRIBUTES
 */
export function requireRootKeys(
  dossier: VerifiedRootDossier,
  state: SignerState,
  own: ReadonlyMap<string, OwnKey>,
  question: Pick<SignKeyQuestion, 'factory' | 'allTokensRead' | 'absent'>,
): string[] {
  const ours = new Set<string>();
  for (const root of Object.values(dossier.next)) {
    for (const [role, { keyids }] of Object.entries(root.roles)) {
      for (const keyid of keyids) {
        const key = findOwnKey(own, root, keyid);
        if (key === null) continue;
        requireMadeFor(key, keyid, role, question.factory.name);
        ours.add(key.keyid);
      }
    }
  }
  requireNewKeys(dossier, own, question);
  requireOfNoOtherFactory(dossier, state);
  return [...ours].sort();
}

function requireNewKeys(
  { statement }: VerifiedRootDossier,
  own: ReadonlyMap<string, OwnKey>,
  question: Pick<SignKeyQuestion, 'factory' | 'allTokensRead' | 'absent'>,
): void {
  const held = [...own.values()].flatMap(({ inTokens }) => inTokens);
  for (const [index, { keyid, spkiBase64, role, token }] of statement.keys.entries()) {
    const key = own.get(nameByValue(keyFromSpkiDer(Buffer.from(spkiBase64, 'base64'))));
    if (key !== undefined) requireHeld(key, keyid, role, question);
    else if (held.some((other) => other.token.serial === token.serial && other.token.label === token.label)) {
      throw new CountersignError('KEY_NOT_FOUND', `the token ${token.label} does not hold the new key ${keyid}`, {
        pointer: `/keys/${index}`,
        hint: 'countersign key list shows what the tokens hold',
        details: { keyid, token: token.label },
      });
    }
  }
}

/** What the dossier cannot know: the roots of the other Factories that this signer signs for. */
function requireOfNoOtherFactory({ next, statement }: VerifiedRootDossier, state: SignerState): void {
  const others = new Set<string>();
  for (const factory of state.firstRoots.keys()) {
    if (factory === statement.factory) continue;
    for (const repository of REPOSITORIES) {
      for (const { signed } of state.rootsOf(factory, repository)) {
        for (const key of Object.values(signed.keys)) others.add(nameByValue(key));
      }
    }
  }
  for (const [keyid, key] of Object.entries(next.production.keys)) {
    if (!others.has(nameByValue(key))) continue;
    throw new CountersignError('ROOT_KEY_OTHER_FACTORY', `the key ${keyid} belongs to another Factory`, {
      hint: 'a key has one role in one Factory; make a new one',
      details: { keyid },
    });
  }
}
