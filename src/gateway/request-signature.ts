import { CountersignError } from '../errors.js';
import type { RequestKey } from '../signing/index.js';
import { verifySignature, type Key, type Signature } from '../tuf/index.js';
import type { Identity } from './identify.js';
import type { RequestKeys } from './ports.js';

/** What a caller was shown, and by what a signature is judged. */
export interface ShownKeys {
  /** Real keyids, each with the request key that stood in its place in the caller's view. */
  readonly shownAs: ReadonlyMap<string, RequestKey>;
  /** Keys of the published roots by keyid. */
  readonly rootKeys: Readonly<Record<string, Key>>;
  /** Keyids of keys that fioctl has just made: what they sign is not looked at. */
  readonly besides?: ReadonlySet<string>;
}

/**
 * Requires that the caller's own request key has signed, under a keyid that it was shown under, and that nothing else has.
 *
 * @param document.signedBytes canonical bytes of `signed`, as they came
 * @returns the key that signed
 * @throws REQUEST_KEY_MISSING the account has none in use for this role
 * @throws REQUEST_SIGNATURE_REFUSED unsigned, altered after it was signed, an unknown keyid, another's request key or an offline key
 * @throws SIGNATURE_DUPLICATE_KEYID
 */
export async function requireRequestSignature(
  identity: Identity,
  role: 'root' | 'targets',
  document: { readonly signedBytes: Uint8Array; readonly signatures: readonly Signature[] },
  { shownAs, rootKeys, besides = new Set() }: ShownKeys,
  keys: RequestKeys,
): Promise<RequestKey> {
  if (!identity.requestKeys.some((key) => key.role === role)) throw missing(identity, role);
  const signatures = document.signatures.filter(({ keyid }) => !besides.has(keyid));
  if (new Set(signatures.map(({ keyid }) => keyid)).size !== signatures.length) {
    throw new CountersignError('SIGNATURE_DUPLICATE_KEYID', 'two signatures have the same keyid');
  }
  const signed: RequestKey[] = [];
  for (const signature of signatures) {
    const shown = shownAs.get(signature.keyid);
    const own = shown !== undefined && shown.role === role && isInUse(identity, shown);
    if (!own || !isBy(shown.key, signature, document.signedBytes)) {
      throw await explain(identity, signature, document.signedBytes, { rootKeys, keys, shown: own });
    }
    signed.push(shown);
  }
  const [key] = signed;
  if (key !== undefined) return key;
  throw refused(`nothing in it is signed by your request key for ${role}`, {
    hint: 'Give fioctl the keys file that countersign request-key create wrote for you.',
  });
}

function isInUse(identity: Identity, key: RequestKey): boolean {
  return identity.requestKeys.some(({ id }) => id === key.id);
}

function isBy(key: Key, signature: Signature, payload: Uint8Array): boolean {
  try {
    verifySignature(key, signature, payload);
    return true;
  } catch {
    return false; // who else made it is found out by the caller
  }
}

/** A signature that is not the caller's own: whose it is decides what they are told. */
async function explain(
  identity: Identity,
  signature: Signature,
  payload: Uint8Array,
  { rootKeys, keys, shown }: { rootKeys: ShownKeys['rootKeys']; keys: RequestKeys; shown: boolean },
): Promise<CountersignError> {
  const { keyid } = signature;
  if (Object.values(rootKeys).some((key) => isBy(key, signature, payload))) {
    return refused('it is signed by an offline key itself, which stays where it is', {
      hint: 'Ask with your request key; the offline signature is made once officers have approved.',
      details: { keyid },
    });
  }
  const registered = await keys.requestKeys(identity.factory);
  const by = registered.find(({ key }) => isBy(key, signature, payload));
  if (by !== undefined && by.revoked !== null) {
    return refused('it is signed by a request key that was revoked', { details: { keyid } });
  }
  if (by !== undefined && by.polisId !== identity.polisId) {
    return refused('it is signed by a request key that is not yours', {
      hint: 'Use the keys file that was made for you, and your own token.',
      details: { keyid },
    });
  }
  return shown
    ? refused('the signature does not hold: what came is not what was signed', { details: { keyid } })
    : refused(`it is signed under the keyid ${keyid}, which is not one that you were shown`, { details: { keyid } });
}

function missing({ factory }: Identity, role: string): CountersignError {
  return new CountersignError(
    'REQUEST_KEY_MISSING',
    `your account has no request key for ${role} in Factory ${factory}`,
    {
      hint: `Make one: countersign request-key create --for NAME --factory ${factory} --out keys.tgz`,
      details: { factory, role },
    },
  );
}

function refused(message: string, more: { hint?: string; details?: Record<string, string> }): CountersignError {
  return new CountersignError('REQUEST_SIGNATURE_REFUSED', message, more);
}
