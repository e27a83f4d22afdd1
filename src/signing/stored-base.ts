import { parseStatement, requireKind } from '../dossier/index.js';
import { describeWave, formatWave, type WaveBase, type WaveChange } from '../factory/index.js';
import { parseTargets } from '../tuf/index.js';
import { bundleDiffOf } from './bundle/bundle-diff.js';
import type { Context } from './context.js';
import { rootDiffOf } from './root/root-diff.js';
import type { RequestDiff } from './service.js';
import type { StoredRequest } from './store-port.js';

/** The base that a stored request builds on; it was verified when the request was made. */
export async function loadWaveBase(context: Context, { material }: StoredRequest): Promise<WaveBase> {
  const load = async (sha256: string) => parseTargets(await context.store.blobs.get(sha256)).signed;
  const [ciTargets, productionTargets] = await Promise.all([
    load(material.ciTargets),
    material.productionTargets[0] === undefined ? null : load(material.productionTargets[0]),
  ]);
  return { ciTargets, productionTargets };
}

export function waveChangesOf({ statement }: StoredRequest): WaveChange[] {
  return requireKind(parseStatement(statement), 'wave').changes;
}

/** What a request changes, made from the changes in its statement and from its base. */
export async function diffOf(context: Context, request: StoredRequest): Promise<RequestDiff> {
  if (request.kind === 'root') return rootDiffOf(context, request);
  if (request.kind === 'bundle') return bundleDiffOf(context, request);
  const base = await loadWaveBase(context, request);
  const summary = describeWave(waveChangesOf(request), request.wave?.tag ?? '', base);
  return { summary, text: formatWave(summary) };
}
