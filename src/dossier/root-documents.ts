import { CountersignError } from '../errors.js';
import { diffRoot, jsonPointer, type RootBase, type RootChange, type RootUpdate } from '../factory/index.js';
import { encodeText, parseRoot, serializeMetadata, sha256Hex, type Root } from '../tuf/index.js';
import type { KeptDocument } from './root-matter.js';
import type { RootStatement } from './root-statement.js';

/** What a statement says of the documents of a root update: the roots, then what is signed again. */
export function describeDocuments(
  { version, expires, ci, production }: Omit<RootUpdate, 'signers'>,
  reSigned: readonly KeptDocument[],
  sign: readonly string[],
): RootStatement['documents'] {
  const factsOf = (bytes: Buffer) => ({
    version,
    expires,
    length: bytes.length,
    sha256: sha256Hex(bytes),
    sign: [...sign],
  });
  return [
    { role: 'root', repository: 'ci', ...factsOf(ci) },
    { role: 'root', repository: 'production', ...factsOf(production) },
    ...reSigned.map((document): RootStatement['documents'][2] => ({
      role: 'targets',
      repository: 'production',
      tag: document.tag,
      wave: document.wave,
      version: document.version,
      expires: document.expires,
      length: document.bytes.length,
      sha256: document.sha256,
      sign: [...document.sign],
    })),
  ];
}

/**
 * Checks what a statement says of its documents against what they are.
 *
 * @throws STATEMENT_DOCUMENT_MISMATCH
 */
export function checkDocuments(stated: RootStatement['documents'], actual: RootStatement['documents']): void {
  for (const [index, entry] of actual.entries()) {
    const said = stated[index];
    if (said === undefined) throw mismatch([index], 'the statement does not name a document that is to be signed');
    const members = new Map<string, unknown>(Object.entries(said));
    for (const [member, value] of Object.entries(entry)) {
      if (JSON.stringify(members.get(member)) === JSON.stringify(value)) continue;
      throw mismatch([index, member], `the document has another ${member} than the statement says`);
    }
    if (members.size === Object.keys(entry).length) continue;
    throw mismatch([index], 'the document is another one than the statement says');
  }
  if (stated.length === actual.length) return;
  throw mismatch([actual.length], 'the statement names a document that its changes do not sign again');
}

/**
 * Reads new roots back from their bytes, and requires that the changes are just what they differ in from the roots in
 * force: what an officer reads is what was done, said in the one way.
 *
 * @throws CHANGES_DO_NOT_REPRODUCE, METADATA_INVALID; and as diffRoot
 */
export function requireDifference(
  changes: readonly RootChange[],
  base: RootBase,
  { ci, production }: Pick<RootUpdate, 'ci' | 'production'>,
): { ci: Root; production: Root } {
  const next = { ci: readSigned(ci), production: readSigned(production) };
  const generated = Object.fromEntries(
    changes.flatMap((change) => (change.op === 'replace-online-key' ? [[change.role, change.new.keyid]] : [])),
  );
  const inRoots = changes.filter(({ op }) => op !== 're-sign' && op !== 'adopt');
  if (encodeText(diffRoot(base, next, generated)) === encodeText(inRoots)) return next;
  throw new CountersignError(
    'CHANGES_DO_NOT_REPRODUCE',
    'the changes of the statement are not what the new roots differ in from those in force',
    { pointer: '/changes', hint: 'Do not approve it: the statement does not say plainly what it does.' },
  );
}

function readSigned(signedBytes: Buffer): Root {
  return parseRoot(serializeMetadata({ signatures: [], signedBytes })).signed;
}

function mismatch(path: readonly (string | number)[], message: string): CountersignError {
  return new CountersignError('STATEMENT_DOCUMENT_MISMATCH', message, { pointer: jsonPointer('documents', ...path) });
}
