import { CountersignError } from '../errors.js';
import { canonicalize, pointerTo } from '../tuf/index.js';
import { guard } from './answers.js';
import { splitMembers } from './split-members.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** More than a dossier could hold. */
const MAX_DOCUMENTS = 100_000;

/**
 * The documents of an answer of the form `{name: document, ...}`, as canonical bytes. It is as long as everything that a Factory has
 * in production, so it is read one document at a time, and only what is given back is held.
 *
 * @throws FACTORY_ANSWER_INVALID
 */
export async function readDocuments(
  body: AsyncIterable<Uint8Array>,
  where: string,
  maxDocumentBytes: number,
): Promise<ReadonlyMap<string, Buffer>> {
  const documents = new Map<string, Buffer>();
  const members = splitMembers(body, { maxMemberBytes: maxDocumentBytes, maxMembers: MAX_DOCUMENTS });
  try {
    for await (const text of members) {
      const { name, document } = documentOf(text, maxDocumentBytes);
      if (documents.has(name)) {
        throw new CountersignError('JSON_DUPLICATE_KEY', 'a name stands twice', { pointer: pointerTo('', name) });
      }
      documents.set(name, document);
    }
  } catch (error) {
    guard(where, () => {
      throw error;
    });
  }
  return documents;
}

/** @param text of an object with one member */
function documentOf(text: Buffer, maxBytes: number): { name: string; document: Buffer } {
  // the braces around it are not the document's
  const bytes = canonicalize(text, { maxBytes: maxBytes + 2 });
  if (bytes.length <= 2) throw new CountersignError('JSON_INVALID', 'a comma without a member', { pointer: '' });
  let end = 2;
  while (bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1;
  const name = String(JSON.parse(bytes.toString('latin1', 1, end + 1)));
  return { name, document: bytes.subarray(end + 2, -1) };
}
