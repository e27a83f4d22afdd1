import { parseStatement, requireKind, type RootStatement } from '../../dossier/index.js';
import type { RootBase } from '../../factory/index.js';
import { parseRoot, parseTargets, verifyTargets } from '../../tuf/index.js';
import type { Context } from '../context.js';
import type { StoredRequest } from '../store-port.js';
import type { ServedTargets } from './fetch-root-base.js';

/** @throws KIND_NOT_ALLOWED the request is of another kind */
export function rootStatementOf({ statement }: Pick<StoredRequest, 'statement'>): RootStatement {
  return requireKind(parseStatement(statement), 'root');
}

/** The roots that a stored request builds on; they were verified when it was made. */
export async function loadRootBase(context: Context, { material }: Pick<StoredRequest, 'material'>): Promise<RootBase> {
  const load = (sha256: string | undefined) => context.store.blobs.get(sha256 ?? '');
  const [ci, production, ciTargets] = await Promise.all([
    load(material.rootsCi.at(-1)),
    load(material.rootsProduction.at(-1)),
    load(material.ciTargets),
  ]);
  const ciRoot = parseRoot(ci);
  const [onlineTargetsKeyid = ''] = verifyTargets(ciRoot, parseTargets(ciTargets)).signed;
  return { ci: ciRoot.signed, production: parseRoot(production).signed, onlineTargetsKeyid };
}

/** The targets documents that a stored request builds on, in the order of its statement; one is read at a time. */
export async function* loadServedTargets(
  context: Context,
  { material }: Pick<StoredRequest, 'material'>,
  { base }: Pick<RootStatement, 'base'>,
): AsyncGenerator<ServedTargets, void, undefined> {
  for (const [index, tag] of Object.keys(base.targets).sort().entries()) {
    yield { tag, wave: null, bytes: await context.store.blobs.get(material.productionTargets[index] ?? '') };
  }
  for (const [index, wave] of Object.keys(base.waves).sort().entries()) {
    const bytes = await context.store.blobs.get(material.waveTargets[index] ?? '');
    yield { tag: base.waves[wave]?.tag ?? '', wave, bytes };
  }
}
