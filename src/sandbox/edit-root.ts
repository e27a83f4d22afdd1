import { encodeCanonical, parseRoot, serializeMetadata, type Root, type Signature } from '../tuf/index.js';

/** Root metadata with another `signed`, and with no signatures unless they are given: those it had were over other bytes. */
export function editRoot(text: string, edit: (signed: Root) => Root, signatures: readonly Signature[] = []): string {
  const signedBytes = encodeCanonical(edit(parseRoot(Buffer.from(text)).signed));
  return serializeMetadata({ signatures, signedBytes }).toString('utf8');
}
