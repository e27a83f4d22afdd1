import { parseStatement, requireKind, type RootStatement } from '../../dossier/index.js';
import type { RootBase } from '../../factory/index.js';
import { parseRoot, parseTargets, verifyTargets } from '../../tuf/index.js';
import type { Context } from '../context.js';
import type { StoredRequest } from '../store-port.js';
import type { ServedTargets } from './fetch-root-base.js';

type Material = Pick<StoredRequest, 'material'>;
type StatedBase = Pick<RootStatement, 'base'>;

/** @throws KIND_NOT_ALLOWED the request is of another kind */
export function rootStatementOf({ statement }: Pick<StoredRequest, 'statement'>): RootStatement {
  return requireKind(parseStatement(statement), 'root');
}

/** The roots that a stored request builds on; they were verified when it was made. */
export async function loadRootBase(context: Context, { material }: Material): Promise<RootBase> {
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

/** The production targets that a stored request builds on, ascending by tag; one is read at a time. */
export async function* loadTagTargets(
  context: Context,
  { material }: Material,
  { base }: StatedBase,
): AsyncGenerator<ServedTargets & { readonly wave: null }, void, undefined> {
  for (const [index, tag] of Object.keys(base.targets).sort().entries()) {
    yield { tag, wave: null, bytes: await context.store.blobs.get(material.productionTargets[index] ?? '') };
  }
}

/** The same of active Waves, ascending by Wave. */
export async function* loadWaveTargets(
  context: Context,
  { material }: Material,
  { base }: StatedBase,
): AsyncGenerator<ServedTargets & { readonly wave: string }, void, undefined> {
  for (const [index, wave] of Object.keys(base.waves).sort().entries()) {
    const bytes = await context.store.blobs.get(material.waveTargets[index] ?? '');
    yield { tag: base.waves[wave]?.tag ?? '', wave, bytes };
  }
}

export async function* loadServedTargets(
  context: Context,
  request: Material,
  statement: StatedBase,
): AsyncGenerator<ServedTargets, void, undefined> {
  yield* loadTagTargets(context, request, statement);
  yield* loadWaveTargets(context, request, statement);
}
