import { CountersignError } from '../../errors.js';
import { type Intent, type MadeSignature, signatureName } from '../journal/index.js';
import type { SignResult } from '../protocol.js';

/** The answer to a signed statement, made from the journal alone: so it is the same however often it is asked for. */
export function resultOf(intent: Intent): SignResult {
  const entries = intent.entry.documents.flatMap(({ index, sign }) =>
    sign.map(({ keyid }) => {
      const entry = intent.signatures.get(signatureName(index, keyid));
      if (entry === undefined)
        throw new CountersignError('INTERNAL', 'a signature that was made is not in the journal');
      return entry;
    }),
  );
  const last = entries.reduce<MadeSignature | undefined>(
    (latest, entry) => (latest === undefined || entry.seq > latest.seq ? entry : latest),
    undefined,
  );
  if (last === undefined) throw new CountersignError('INTERNAL', 'an intent asks for no signature');
  return {
    signatures: entries.map(({ document, keyid, method, sig, at }) => ({ document, keyid, method, sig, signedAt: at })),
    journal: { seq: last.seq, hash: last.hash },
  };
}
