import type { VerifiedDossier } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { type Key, type Signature, verifySignature } from '../../tuf/index.js';
import { type Intent, type JournalBodyOf, signatureName } from '../journal/index.js';
import type { Tokens } from './tokens.js';

interface Job {
  readonly document: number;
  readonly keyid: string;
  readonly tokenKey: string;
  readonly payload: Buffer;
  readonly publicKey: Key;
}

export interface MadeSignatures {
  readonly signatures: readonly JournalBodyOf<'signature'>[];
  /** Why some could not be made; the others are worth keeping, so that none is made twice. */
  readonly failure: Error | null;
}

/** Has the tokens make the signatures that an intent still lacks, all at once, and checks each with the key that devices will use. */
export async function makeSignatures(
  intent: Intent,
  dossier: VerifiedDossier,
  tokens: Tokens,
): Promise<MadeSignatures> {
  const made = await Promise.allSettled(jobsOf(intent, dossier).map((job) => makeSignature(job, intent, tokens)));
  const failed = made.find((result) => result.status === 'rejected');
  return {
    signatures: made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    failure: failed === undefined ? null : asError(failed.reason),
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error
    ? reason
    : new CountersignError('INTERNAL', 'a token failed without an error', { cause: reason });
}

function jobsOf({ entry, signatures }: Intent, { documents, roots }: VerifiedDossier): Job[] {
  return entry.documents.flatMap(({ index, repository, sha256, sign }) => {
    const document = documents[index];
    // The statement's digest is the intent's, so this cannot be; signing other bytes than those decided upon would be the worst that can be.
    if (document?.entry.sha256 !== sha256)
      throw new CountersignError('INTERNAL', 'the dossier holds other documents than the intent');
    return sign
      .filter(({ keyid }) => !signatures.has(signatureName(index, keyid)))
      .map(({ keyid, key }) => {
        const publicKey = roots[repository].signed.keys[keyid];
        if (publicKey === undefined) throw new CountersignError('INTERNAL', 'the root lacks a key that it had');
        return { document: index, keyid, tokenKey: key, payload: document.bytes, publicKey };
      });
  });
}

async function makeSignature(job: Job, intent: Intent, tokens: Tokens): Promise<JournalBodyOf<'signature'>> {
  const { method, sig } = await tokens.sign(job.tokenKey, job.payload);
  const { keyid, document } = job;
  requireRight(job, { keyid, method, sig });
  return { type: 'signature', statement: intent.entry.statement, document, keyid, method, sig };
}

function requireRight({ publicKey, payload, keyid }: Job, signature: Signature): void {
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
