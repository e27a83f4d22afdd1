import { setImmediate } from 'node:timers/promises';
import type { VerifiedDossier } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { type Key, type Signature, verifySignature } from '../../tuf/index.js';
import { signingRoot } from '../decide/index.js';
import { type Intent, type JournalBodyOf, signatureName } from '../journal/index.js';
import type { Tokens } from './tokens.js';

/** A signature to be made. */
export interface SignatureJob {
  readonly document: number;
  readonly keyid: string;
  readonly tokenKey: string;
  readonly payload: Buffer;
  readonly publicKey: Key;
}

/** One that was made, as it stands in the journal. */
export type Made = JournalBodyOf<'signatures'>['signatures'][number];

export interface MadeSignatures {
  readonly signatures: readonly Made[];
  /** Why some could not be made; the others are worth keeping, so that none is made twice. */
  readonly failure: Error | null;
}

/** Has the tokens make a handful of signatures, all at once. */
export async function makeSignatures(jobs: Iterable<SignatureJob>, tokens: Tokens): Promise<MadeSignatures> {
  const made = await Promise.allSettled(Array.from(jobs, (job) => makeSignature(job, tokens)));
  const failed = made.find((result) => result.status === 'rejected');
  return {
    signatures: made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    failure: failed === undefined ? null : asError(failed.reason),
  };
}

export function asError(reason: unknown): Error {
  return reason instanceof Error
    ? reason
    : new CountersignError('INTERNAL', 'a token failed without an error', { cause: reason });
}

/** The signatures that an intent still lacks. */
export function* jobsOf({ entry, signatures }: Intent, dossier: VerifiedDossier): Generator<SignatureJob> {
  for (const { index, sha256, sign } of entry.documents) {
    const document = dossier.documents[index];
    // The statement's digest is the intent's, so this cannot be; signing other bytes than those decided upon would be the worst that can be.
    if (document?.entry.sha256 !== sha256)
      throw new CountersignError('INTERNAL', 'the dossier holds other documents than the intent');
    const { keys } = signingRoot(dossier, document.entry);
    for (const { keyid, key } of sign) {
      if (signatures.has(signatureName(index, keyid))) continue;
      const publicKey = keys[keyid];
      if (publicKey === undefined) throw new CountersignError('INTERNAL', 'the root lacks a key that it had');
      yield { document: index, keyid, tokenKey: key, payload: document.bytes, publicKey };
    }
  }
}

/** Has a token sign, and checks the signature with the key that devices will use. */
async function makeSignature(job: SignatureJob, tokens: Tokens): Promise<Made> {
  const { method, sig } = await tokens.sign(job.tokenKey, job.payload);
  const { keyid, document } = job;
  requireRight(job, { keyid, method, sig });
  return { document, keyid, method, sig };
}

/**
 * The same for several jobs of one key of a token. The worker leaves verifying to this process.
 *
 * @param onMade given each signature once, in the order of the jobs; also of a batch that fails in the end
 */
export async function makeBatch(
  jobs: readonly SignatureJob[],
  tokens: Tokens,
  onMade: (made: Made) => void,
): Promise<void> {
  const tokenKey = jobs[0]?.tokenKey ?? '';
  const payloads = jobs.map(({ payload }) => payload);
  let made = 0;
  await tokens.signAll(tokenKey, payloads, async (some, first) => {
    for (const [index, job] of jobs.slice(first, first + some.length).entries()) {
      // the pipe to the worker holds what it signs in a moment, and is filled again between two of these
      await setImmediate();
      const signature = signatureOf(job, some[index]);
      requireRight(job, signature);
      if (first + index < made) continue; // a second worker made it once more
      made += 1;
      onMade({ document: job.document, ...signature });
    }
  });
}

/** As the root names the key. */
function signatureOf({ keyid }: SignatureJob, { method = '', sig = '' }: Partial<Signature> = {}): Signature {
  return { keyid, method, sig };
}

function requireRight({ publicKey, payload, keyid }: SignatureJob, signature: Signature): void {
  try {
    verifySignature(publicKey, signature, payload);
  } catch (cause) {
    throw new CountersignError('SIGNATURE_WRONG', `the token's signature with the key ${keyid} does not verify`, {
      hint: 'it was thrown away; a token that does this again must not be used',
      details: { keyid },
      cause,
    });
  }
}
