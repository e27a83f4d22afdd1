import { CountersignError } from '../../errors.js';
import type { ProposedRoots } from '../../factory/index.js';
import type { RequestKey, RootIntention } from '../../signing/index.js';
import { encodeCanonical, verifySignature, type Key, type Root, type Signature } from '../../tuf/index.js';
import { baseOf, rootsToText, stagedOf, type Draft, type DraftContent } from './draft.js';
import { commandOf, describeIntention } from './draft-intentions.js';
import { readIntentions } from './read-intentions.js';
import type { PutRoots } from './read-put.js';
import { withRealKeys } from './real-keys.js';

/** What the caller's signatures over roots and targets documents are judged by. */
export interface PutJudge {
  /** What stood under real keyids in the caller's views, by keyid. */
  readonly shownAs: ReadonlyMap<string, RequestKey>;
  /** @throws REQUEST_KEY_MISSING, REQUEST_SIGNATURE_REFUSED, SIGNATURE_DUPLICATE_KEYID */
  requireSigned(
    role: 'root' | 'targets',
    document: { readonly signedBytes: Uint8Array; readonly signatures: readonly Signature[] },
    keys: { readonly real: Readonly<Record<string, Key>>; readonly made: ReadonlySet<string> },
  ): Promise<RequestKey>;
  /** Bytes of `signed` of the production targets of a tag, or of a Wave's targets. @throws FACTORY_… */
  targetsBytes(of: { readonly tag: string } | { readonly wave: string }): Promise<Buffer>;
}

/** By keyid: those of the roots in force, and those that fioctl has made. */
interface DocumentKeys {
  readonly real: Readonly<Record<string, Key>>;
  readonly made: ReadonlyMap<string, Key>;
}

/**
 * What becomes of a draft when roots are put. Taken from them are intentions and nothing else: fioctl's new key stays in the
 * draft, where fioctl looks for it.
 *
 * @throws FORBIDDEN a change that is unsigned, and others that do not go this way
 * @throws REQUEST_SIGNATURE_REFUSED, REQUEST_KEY_MISSING, and as readIntentions
 */
export async function takePut(draft: Draft, put: PutRoots, judge: PutJudge, now: Date): Promise<DraftContent> {
  const { content } = draft;
  const base = baseOf(content);
  const before = stagedOf(draft);
  const real = { ...before.ci.keys, ...base.ci.keys };
  const proposed: ProposedRoots = {
    ci: withRealKeys(put.ci.signed, judge.shownAs, real),
    production: withRealKeys(put.production.signed, judge.shownAs, real),
  };
  const intentions = readIntentions(base, proposed, now);
  const made = new Map(Object.entries(proposed.ci.keys).filter(([keyid]) => !Object.hasOwn(base.ci.keys, keyid)));
  const known = { real: base.ci.keys, made: new Set(made.keys()) };
  requireKnownKeyids(put, judge, known.made);
  const signers: (RequestKey | null)[] = [];
  for (const root of [put.ci, put.production]) {
    const isSigned = root.signatures.length > 0;
    signers.push(isSigned ? await judge.requireSigned('root', root, known) : null);
  }
  const [ciSigner, productionSigner] = signers;
  if (ciSigner?.id !== productionSigner?.id) {
    throw new CountersignError('REQUEST_SIGNATURE_REFUSED', 'the two roots are not signed by the same request key');
  }
  const isSame = isSameRoot(proposed.ci, before.ci) && isSameRoot(proposed.production, before.production);
  if (ciSigner == null && !isSame) {
    const asBefore = readIntentions(base, before, now).map(describeIntention);
    const unsigned = intentions
      .filter(({ op }) => op !== 'set-threshold')
      .find((intention) => !asBefore.includes(describeIntention(intention)));
    if (unsigned !== undefined) throw unsignedChange(unsigned);
  }
  return {
    ...content,
    put: rootsToText(proposed),
    signedBy: ciSigner?.id ?? (isSame ? content.signedBy : null),
    adopt: isSame ? await withAdopted(content.adopt, put, judge, { real: base.ci.keys, made }) : content.adopt,
  };
}

/** Over targets documents too, nothing may stand under a keyid that means nothing here. */
function requireKnownKeyids(put: PutRoots, { shownAs }: PutJudge, made: ReadonlySet<string>): void {
  const all = [...Object.values(put.targetsSignatures), ...Object.values(put.wavesSignatures)].flat();
  const unknown = all.find(({ keyid }) => !made.has(keyid) && shownAs.get(keyid)?.role !== 'targets');
  if (unknown === undefined) return;
  throw new CountersignError(
    'REQUEST_SIGNATURE_REFUSED',
    `a targets document is signed under the keyid ${unknown.keyid}, which is not one that you were shown`,
    { details: { keyid: unknown.keyid } },
  );
}

/**
 * `sign-prod-targets` names documents by signing them. What is signed along with a rotation names none: that is what the old
 * key had signed, and it is signed again by itself.
 */
async function withAdopted(
  { tags, waves }: DraftContent['adopt'],
  { targetsSignatures, wavesSignatures }: PutRoots,
  judge: PutJudge,
  keys: DocumentKeys,
): Promise<DraftContent['adopt']> {
  for (const [tag, signatures] of Object.entries(targetsSignatures)) {
    await requireNamed(await judge.targetsBytes({ tag }), signatures, judge, keys);
  }
  for (const [wave, signatures] of Object.entries(wavesSignatures)) {
    await requireNamed(await judge.targetsBytes({ wave }), signatures, judge, keys);
  }
  const merged = (known: readonly string[], named: object) => [...new Set([...known, ...Object.keys(named)])].sort();
  return { tags: merged(tags, targetsSignatures), waves: merged(waves, wavesSignatures) };
}

/**
 * A key that fioctl has just made is the person's, since a request key has signed the roots that name it; so is what it signs. Anything
 * else has to be signed by a request key.
 */
async function requireNamed(
  signedBytes: Buffer,
  signatures: readonly Signature[],
  judge: PutJudge,
  { real, made }: DocumentKeys,
): Promise<void> {
  for (const signature of signatures) {
    const key = made.get(signature.keyid);
    if (key !== undefined) requireMadeBy(key, signature, signedBytes);
  }
  if (signatures.length > 0 && signatures.every(({ keyid }) => made.has(keyid))) return;
  await judge.requireSigned('targets', { signedBytes, signatures }, { real, made: new Set(made.keys()) });
}

function requireMadeBy(key: Key, signature: Signature, signedBytes: Buffer): void {
  try {
    verifySignature(key, signature, signedBytes);
  } catch (cause) {
    throw new CountersignError(
      'REQUEST_SIGNATURE_REFUSED',
      'a signature over a targets document does not hold: what came is not what was signed',
      { details: { keyid: signature.keyid }, cause },
    );
  }
}

function isSameRoot(left: Root, right: Root): boolean {
  return encodeCanonical(left).equals(encodeCanonical(right));
}

function unsignedChange(intention: RootIntention): CountersignError {
  return new CountersignError('FORBIDDEN', 'the roots are not signed, so nothing shows who asks for this change', {
    hint: `Sign it in the same step (--sign), or use: countersign root ${commandOf(intention)}`,
  });
}
