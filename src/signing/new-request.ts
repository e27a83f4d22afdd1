import type { Statement } from '../dossier/index.js';
import { sha256Hex } from '../tuf/index.js';
import type { Context } from './context.js';
import type { FetchedTrust } from './fetch-base.js';
import type { Caller } from './service.js';
import type { NewRequest } from './store-port.js';

/** What a statement was made of: documents as they were served, and those to sign. */
export interface MadeOf {
  readonly base: Pick<FetchedTrust, 'roots' | 'ciTargets'>;
  readonly productionTargets: readonly Buffer[];
  readonly waveTargets: readonly Buffer[];
  /** Canonical bytes, in the statement's order. */
  readonly documents: readonly Buffer[];
  /** The file that a bundle came in. */
  readonly bundle?: Buffer;
}

/** The request of a statement as it is stored, with the digests of everything that its dossier is made of. */
export function newRequest(
  context: Context,
  { statement, text, wave }: { statement: Statement; text: string; wave: NewRequest['wave'] },
  { base, productionTargets, waveTargets, documents, bundle }: MadeOf,
  caller: Caller,
): NewRequest {
  return {
    id: statement.id,
    factory: statement.factory,
    kind: statement.kind,
    wave,
    bundleTag: statement.kind === 'bundle' ? statement.changes[0].tag : null,
    requester: {
      name: caller.name,
      kind: caller.kind,
      via: caller.via,
      requestKey: caller.requestKey ?? null,
    },
    reason: statement.reason,
    created: statement.created,
    expires: statement.expires,
    statement: text,
    statementSha256: sha256Hex(text),
    material: {
      policyVersion: context.policy.policy.version,
      rootsCi: base.roots.ci.bytes.map(sha256Hex),
      rootsProduction: base.roots.production.bytes.map(sha256Hex),
      ciTargets: sha256Hex(base.ciTargets.bytes),
      productionTargets: productionTargets.map(sha256Hex),
      waveTargets: waveTargets.map(sha256Hex),
      documents: documents.map(sha256Hex),
      bundle: bundle === undefined ? null : sha256Hex(bundle),
    },
  };
}

/** The documents themselves, in no particular order: they are stored by their digests. */
export function blobsOf({ base, productionTargets, waveTargets, documents, bundle }: MadeOf): Buffer[] {
  return [
    ...base.roots.ci.bytes,
    ...base.roots.production.bytes,
    base.ciTargets.bytes,
    ...productionTargets,
    ...waveTargets,
    ...documents,
    ...(bundle === undefined ? [] : [bundle]),
  ];
}
