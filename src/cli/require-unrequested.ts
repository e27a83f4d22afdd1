import type { ApiClient } from '../api/index.js';
import { parseStatement } from '../dossier/index.js';
import { CountersignError } from '../errors.js';

/**
 * Requires that no request that waits for its approvals names a new key: approved later, it could not be signed. The signer's journal does
 * not know of such requests, the service does.
 *
 * @throws KEY_IN_USE, and what the service answers
 */
export async function requireUnrequested(keyid: string, api: Pick<ApiClient, 'requests' | 'statement'>): Promise<void> {
  for (const state of ['preparing', 'open'] as const) {
    let cursor: string | undefined;
    do {
      const page = await api.requests({ state, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      for (const { id, kind } of page.items) {
        if (kind !== 'root') continue;
        const { keys, documents } = parseStatement(await api.statement(id));
        const named = keys.some((key) => key.keyid === keyid) || documents.some(({ sign }) => sign.includes(keyid));
        if (named) throw inRequest(keyid, id);
      }
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }
}

const PAGE = 100;

function inRequest(keyid: string, id: string): CountersignError {
  return new CountersignError('KEY_IN_USE', `the key ${keyid} is not destroyed: the open request ${id} names it`, {
    hint: `have the request finished, or take it back with countersign cancel ${id}`,
    details: { keyid, request: id },
  });
}
