import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient, RequestView } from '../api/index.js';
import { isCountersignError } from '../errors.js';
import type { CliContext } from './context.js';
import { replaceFile } from './replace-file.js';

export interface SavedEvidence {
  readonly evidence: number;
  readonly dossiers: number;
}

/**
 * Saves what a signer's journal can be rebuilt from: the evidence of every signed request, or its dossier if the signer cannot give its
 * journal's lines, and the dossiers of rejected requests that could still be asked for.
 */
export async function saveEvidence(api: ApiClient, folder: string, context: CliContext): Promise<SavedEvidence> {
  mkdirSync(folder, { recursive: true });
  const saved = { evidence: 0, dossiers: 0 };
  for await (const request of everyRequest(api)) {
    if (
      request.signatures.length > 0 &&
      (await save(join(folder, `${request.id}.evidence`), api.evidence(request.id)))
    ) {
      saved.evidence++;
    } else if (request.signatures.length > 0 || isVetoed(request, context.now())) {
      await save(join(folder, `${request.id}.dossier`), api.dossier(request.id));
      saved.dossiers++;
    }
  }
  return saved;
}

/** A rejected statement that has expired needs no veto any more. */
function isVetoed({ rejections, expires }: RequestView, now: Date): boolean {
  return rejections.length > 0 && Date.parse(expires) > now.getTime();
}

async function* everyRequest(api: ApiClient): AsyncGenerator<RequestView> {
  let cursor: string | null | undefined;
  do {
    const page = await api.requests({ limit: 100, ...(cursor == null ? {} : { cursor }) });
    yield* page.items;
    cursor = page.next;
  } while (cursor !== null);
}

/** @returns false if the signer's journal does not know the request, or the signer cannot be asked */
async function save(path: string, lines: AsyncIterable<string>): Promise<boolean> {
  let text = '';
  try {
    for await (const line of lines) text += line.endsWith('\n') ? line : `${line}\n`;
  } catch (error) {
    if (isCountersignError(error, 'NOT_FOUND') || isCountersignError(error, 'SIGNER_UNAVAILABLE')) return false;
    throw error;
  }
  replaceFile(path, text, 0o666);
  return true;
}
