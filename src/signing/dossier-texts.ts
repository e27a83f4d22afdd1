import { serializePolicy } from '../policy/index.js';
import type { Context } from './context.js';

/** The policy chain up to a version: the dossier of an old request is not judged by what came later. */
export function policyTexts(context: Context, upToVersion: number): string[] {
  return context.policies.filter(({ policy }) => policy.version <= upToVersion).map(serializePolicy);
}

export async function loadText(context: Context, sha256: string): Promise<string> {
  return (await context.store.blobs.get(sha256)).toString('utf8');
}
