import { applyWave, readWaveChanges, type WaveChange } from '../factory/index.js';
import { factoryOf } from '../policy/index.js';
import { sha256Hex, type TargetsMetadata } from '../tuf/index.js';
import { checkBase } from './check-base.js';
import { checkDocumentExpires } from './check-document.js';
import { checkSign } from './check-sign.js';
import { checkStatement } from './check-statement.js';
import { encodeStatement } from './statement.js';
import { headOf, trustOf, type StatementInput } from './statement-input.js';
import type { WaveStatement } from './wave-statement.js';

export interface WaveStatementInput extends StatementInput {
  readonly wave: string;
  readonly tag: string;
  readonly changes: readonly WaveChange[];
  /** The tag's production targets, null before its first Wave. */
  readonly productionTargets: TargetsMetadata | null;
  /** Keyids to sign with. */
  readonly sign: readonly string[];
}

/**
 * Writes the statement of a Wave and the document that it is about. What verifyDossier would refuse
 * whatever is approved later, is refused here already, but for the root chains and the clock.
 *
 * @returns the statement, its text, and the canonical bytes of the targets' `signed`
 * @throws what applyWave throws; FACTORY_NOT_IN_POLICY, KIND_NOT_ALLOWED, STATEMENT_INVALID, STATEMENT_LIFETIME,
 *   EXPIRES_BEYOND_POLICY, WAVE_EXPIRES_INVALID, THRESHOLD_NOT_MET, SIGN_KEY_NOT_IN_ROLE, SIGN_KEY_ONLINE
 */
export function buildWaveStatement(input: WaveStatementInput): {
  statement: WaveStatement;
  text: string;
  document: Buffer;
} {
  const { policy, tag, roots, ciTargets, productionTargets } = input;
  factoryOf(policy.policy, input.factory);
  const document = applyWave(input.changes, tag, {
    ciTargets: ciTargets.signed,
    productionTargets: productionTargets?.signed ?? null,
  });
  const { version, expires } = readWaveChanges(input.changes);
  const statement: WaveStatement = {
    ...headOf(input),
    kind: 'wave',
    base: {
      ...trustOf(input),
      targets: { [tag]: productionTargets === null ? null : digestOf(productionTargets) },
    },
    changes: [...input.changes],
    keys: [],
    documents: [
      {
        role: 'targets',
        repository: 'production',
        tag,
        wave: input.wave,
        version,
        expires,
        length: document.length,
        sha256: sha256Hex(document),
        sign: [...input.sign],
      },
    ],
    upstream: null,
  };
  const text = encodeStatement(statement);
  const rules = checkStatement(statement, policy, { policySha256: input.service, firstRootSha256: {} });
  const online = checkBase(statement, {
    roots,
    ciTargets,
    productionTargets: productionTargets === null ? null : { tag, metadata: productionTargets },
  });
  checkDocumentExpires(statement, rules);
  checkSign(input.sign, online, roots.production.signed);
  return { statement, text, document };
}

function digestOf({ signed, sha256 }: TargetsMetadata): { version: number; sha256: string } {
  return { version: signed.version, sha256 };
}
