import { encodeText, type Key } from '../../tuf/index.js';

/** The keys that one person or CI job will ask with in a Factory, each proved to be held. */
export interface RequestKeyRegistration {
  readonly factory: string;
  /** Who asks with them; whoever calls registers for nobody else. */
  readonly name: string;
  readonly keys: readonly {
    readonly role: 'root' | 'targets';
    readonly key: Key;
    /** By the key over `requestKeyProofPayload`; `sig` standard base64. */
    readonly proof: { readonly method: string; readonly sig: string };
  }[];
}

/** Never to be taken for metadata, a statement or anything else that counts: it is no JSON. */
const PREFIX = 'countersign request key proof\n';

/**
 * What a request key signs to prove that whoever registers it has it: one line that says what it is, and canonical text
 * (RFC 8785). Otherwise somebody could register another's key and have that one's signatures taken for their own.
 */
export function requestKeyProofPayload(subject: {
  readonly factory: string;
  readonly name: string;
  readonly role: 'root' | 'targets';
  readonly keyid: string;
}): Buffer {
  const { factory, keyid, name, role } = subject;
  const text = encodeText({ _type: 'countersign/request-key-proof', factory, keyid, name, role, spec: 1 });
  return Buffer.from(`${PREFIX}${text}`, 'utf8');
}
