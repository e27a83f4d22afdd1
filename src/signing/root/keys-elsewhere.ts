import { CountersignError, isCountersignError, restated } from '../../errors.js';
import { checkHeldKey, type StatementKey } from '../../dossier/index.js';
import type { RootBase, RootChange } from '../../factory/index.js';
import { factoryOf } from '../../policy/index.js';
import { keyFromSpkiDer, keyidOf, type Key } from '../../tuf/index.js';
import type { Context } from '../context.js';
import type { SignerKey } from '../ports.js';
import { rootStatementOf } from './stored-root.js';

/**
 * Keys in tokens of other signers than the service's own: those that a submission tells of, and those in force that earlier root
 * updates brought in. Nobody here can ask these signers, so each stands for itself, by its proof.
 *
 * @throws KEY_PROOF_INVALID, INPUT_INVALID one that the submission tells of does not hold
 */
export async function findKeysElsewhere(
  context: Context,
  factory: string,
  { ci }: Pick<RootBase, 'ci'>,
  signerKeys: readonly SignerKey[],
  told: readonly StatementKey[],
): Promise<SignerKey[]> {
  const { tokens } = factoryOf(context.policy.policy, factory);
  const subject = { factory, service: context.pins.policySha256 };
  for (const [index, key] of told.entries()) {
    try {
      checkHeldKey(key, subject, tokens, `/keys/${index}`);
    } catch (error) {
      throw inBodyTerms(error, `/keys/${index}`);
    }
  }
  const found = new Map(told.map((key) => [keyidOf(publicKeyOf(key)), key]));
  const own = new Set(signerKeys.map(({ public: key }) => keyidOf(key)));
  const inForce = [...ofRole(ci, 'root'), ...ofRole(ci, 'targets')].map(keyidOf);
  if (inForce.some((keyid) => !own.has(keyid) && !found.has(keyid))) {
    for (const key of await statedKeys(context, factory)) {
      const keyid = keyidOf(publicKeyOf(key));
      if (inForce.includes(keyid) && !found.has(keyid)) found.set(keyid, key);
    }
  }
  return [...found].flatMap(([keyid, key]) => (own.has(keyid) ? [] : [asSignerKey(key, factory)]));
}

/** Every key that a root update of the Factory ever was to bring in, as it proved itself then. */
export async function statedKeys(context: Context, factory: string): Promise<StatementKey[]> {
  const requests = await context.store.rootUpdates.list(factory);
  return requests.flatMap((request) => rootStatementOf(request).keys);
}

/** @throws INPUT_INVALID one that was told of neither comes in nor is in force: it was meant for something else */
export function requireUse(
  told: readonly StatementKey[],
  { ci }: Pick<RootBase, 'ci'>,
  changes: readonly RootChange[],
): void {
  const used = new Set(Object.values(ci.keys).map(keyidOf));
  for (const change of changes) if ('new' in change) used.add(change.new.keyid);
  const needless = told.findIndex((key) => !used.has(keyidOf(publicKeyOf(key))));
  if (needless === -1) return;
  const keyid = told[needless]?.keyid ?? '';
  throw new CountersignError('INPUT_INVALID', `the key ${keyid} has no part in this update`, {
    pointer: `/keys/${needless}`,
    hint: 'A key is given with add-key, rotate-key or take-ownership of its role.',
    details: { keyid },
  });
}

/** The codes of keys are otherwise about those of the service's own signer, which are no caller's fault. */
function inBodyTerms(error: unknown, pointer: string): unknown {
  if (!isCountersignError(error)) return error;
  const code = error.code === 'KEY_PROOF_INVALID' ? error.code : 'INPUT_INVALID';
  return restated(error, { code, pointer: error.pointer ?? pointer });
}

function ofRole({ keys, roles }: RootBase['ci'], role: string): Key[] {
  return (roles[role]?.keyids ?? []).flatMap((keyid) => keys[keyid] ?? []);
}

function publicKeyOf({ spkiBase64 }: StatementKey): Key {
  return keyFromSpkiDer(Buffer.from(spkiBase64, 'base64'));
}

function asSignerKey(key: StatementKey, factory: string): SignerKey {
  const { keyid, keytype, role, token, attributes } = key;
  const more = { public: publicKeyOf(key), ckaId: '', state: 'absent', use: 'standby' };
  return { keyid, keytype, role, factory, token, attributes, ...more };
}
