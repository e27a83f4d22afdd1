import { verifyPolicyChain } from '../../policy/index.js';
import type { ServiceConfig } from '../../config/index.js';
import { loadPolicy } from '../service/run-service.js';
import type { Trusted } from '../published.js';
import { loadPins } from '../trust-file.js';
import { examine, fail, ok, type Finding } from './finding.js';

/** Pins and policies: the chain verifies from the pinned version 1, and knows every Factory that is configured. */
export async function checkPolicy(
  config: Pick<ServiceConfig, 'trust' | 'policy' | 'factories'>,
): Promise<{ trusted: Trusted | null; findings: Finding[] }> {
  let trusted: Trusted | null = null;
  const findings = await examine(
    'policy',
    'get the signed policy files and the digests anew from who drafted it',
    () => {
      const pins = loadPins(config.trust);
      const policy = verifyPolicyChain(config.policy.map(loadPolicy), pins);
      trusted = { pins, policy };
      const known = policy.policy.factories.map(({ name }) => name);
      const unknown = Object.keys(config.factories).filter((name) => !known.includes(name));
      const unpinned = known.filter((name) => !Object.hasOwn(pins.firstRootSha256, name));
      return [
        ok(
          'policy',
          `version ${policy.policy.version}, sha256 ${policy.sha256}, ${policy.policy.officers.length} officers`,
        ),
        ...unknown.map((name) =>
          fail(
            'policy',
            `it knows no Factory ${name}`,
            'mend the name in the configuration, or sign a policy that has it',
          ),
        ),
        ...unpinned.map((name) =>
          fail(
            'pins',
            `no first root of Factory ${name} is trusted`,
            `countersign trust ${pins.policySha256} --root ${name}=SHA256`,
          ),
        ),
      ];
    },
  );
  return { trusted, findings };
}
