import type { RootStatement } from '../../dossier/index.js';
import { applyRootChanges, type RootBase, type RootSigners } from '../../factory/index.js';
import type { StoredExternalSignature } from '../store-port.js';

/** Signatures that a new root lacks and that no token makes. */
export interface MissingExternal {
  /** 0: the CI root, 1: the production root. */
  readonly document: 0 | 1;
  readonly missing: number;
  /** Keys of the root in force that go, and have not signed. */
  readonly keyids: readonly string[];
}

/** Empty once nothing but the tokens' signatures is lacking. */
export function missingExternals(
  statement: RootStatement,
  base: RootBase,
  externals: readonly Pick<StoredExternalSignature, 'document' | 'keyid'>[],
): MissingExternal[] {
  const { signers } = applyRootChanges(statement.changes, base);
  const [ci, production] = statement.documents;
  return ([0, 1] as const).flatMap((document) => {
    const signing = [
      ...(document === 0 ? ci : production).sign,
      ...externals.filter((one) => one.document === document).map(({ keyid }) => keyid),
    ];
    const missing = lacking(signers, signing);
    if (missing === 0) return [];
    const keyids = goingKeyids(signers).filter((keyid) => !signing.includes(keyid));
    return [{ document, missing, keyids }];
  });
}

/** Keys of the root in force that the new one no longer names. */
export function goingKeyids({ previous, next }: Pick<RootSigners, 'previous' | 'next'>): string[] {
  return previous.keyids.filter((keyid) => !next.keyids.includes(keyid));
}

function lacking({ previous, next }: RootSigners, signing: readonly string[]): number {
  return Math.max(
    ...[previous, next].map(
      ({ keyids, threshold }) => threshold - keyids.filter((one) => signing.includes(one)).length,
    ),
    0,
  );
}
