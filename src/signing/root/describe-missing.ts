import type { RootStatement } from '../../dossier/index.js';
import type { Context } from '../context.js';
import type { MissingSignatures } from '../service.js';
import type { StoredRequest, StoredSignature } from '../store-port.js';
import { statedKeys } from './keys-elsewhere.js';
import { missingSignatures } from './missing-signatures.js';

/** Which keys have yet to sign a root update and in which tokens they are, for whoever has to bring one. */
export async function describeMissing(
  context: Context,
  { factory }: StoredRequest,
  statement: RootStatement,
  signatures: readonly StoredSignature[],
): Promise<MissingSignatures[]> {
  const missing = missingSignatures(statement, signatures);
  const keyids = [...new Set(missing.map(({ keyid }) => keyid))].sort();
  const labels = new Map(statement.keys.map(({ keyid, token }) => [keyid, token.label]));
  if (keyids.some((keyid) => !labels.has(keyid))) {
    for (const { keyid, token } of await statedKeys(context, factory)) {
      if (!labels.has(keyid)) labels.set(keyid, token.label);
    }
  }
  return keyids.map((keyid) => {
    const wanted = missing.filter((one) => one.keyid === keyid);
    const role = wanted.some(({ document }) => statement.documents[document]?.role === 'root') ? 'root' : 'targets';
    return { keyid, role, token: labels.get(keyid) ?? null, documents: wanted.length };
  });
}
