import type { SshPublicKey } from '../approval/index.js';
import { CountersignError } from '../errors.js';
import type { KindRules, Policy, PolicyFactory } from './policy-schema.js';

/**
 * Whose key this is, or null. Keys are the same if their blobs are; comments do not matter. The blob stands
 * second in a line, and the schema lets it stand there in one spelling only.
 */
export function findOfficerByKey(policy: Policy, key: SshPublicKey): { person: string } | null {
  const base64 = key.blob.toString('base64');
  const owner = policy.officers.find(({ keys }) => keys.some((line) => line.split(' ')[1] === base64));
  return owner === undefined ? null : { person: owner.person };
}

/** Quorum and limits for requests of a kind. @throws KIND_NOT_ALLOWED the policy has none, so there can be no such request */
export function kindOf(policy: Policy, kind: string): KindRules {
  const rules = Object.entries(policy.kinds).find(([name]) => name === kind)?.[1];
  if (rules !== undefined) return rules;
  throw new CountersignError('KIND_NOT_ALLOWED', `policy version ${policy.version} has no rules for the kind ${kind}`, {
    hint: `allowed are ${Object.keys(policy.kinds).join(', ')}; a new policy version can add it`,
    details: { kind, version: policy.version },
  });
}

/** How many offline keys each role is to have at least, once a root update is done. @throws KIND_NOT_ALLOWED */
export function leastKeysOf(policy: Policy): { root: number; targets: number } {
  kindOf(policy, 'root');
  return { root: 1, targets: 1, ...policy.kinds.root?.leastKeys };
}

/** @throws FACTORY_NOT_IN_POLICY */
export function factoryOf(policy: Policy, name: string): PolicyFactory {
  const factory = policy.factories.find((candidate) => candidate.name === name);
  if (factory !== undefined) return factory;
  throw new CountersignError('FACTORY_NOT_IN_POLICY', `policy version ${policy.version} has no Factory ${name}`, {
    hint: `it names ${policy.factories.map((candidate) => candidate.name).join(', ')}`,
    details: { factory: name, version: policy.version },
  });
}
