import { CountersignError } from '../errors.js';
import { MAX_STATEMENT_LIFETIME_MS } from '../dossier/index.js';
import { verifyPolicyChain, type SignedPolicy } from '../policy/index.js';
import type { Clock, FactoryPort, Timers } from './ports.js';
import type { SigningDependencies, SigningLimits, Step } from './dependencies.js';
import type { StoredRequest } from './store-port.js';

/** What every use case and every step of the runner works with. */
export interface Context extends Pick<SigningDependencies, 'store' | 'signer' | 'policies' | 'pins' | 'logger'> {
  /** The policy in force: the last of the chain. */
  readonly policy: SignedPolicy;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly limits: SigningLimits;
  /** What the signer was shown ahead of time. */
  readonly shown: Set<string>;
  /** Called at a named moment; a test may stop the world there. */
  step(step: Step, request: string): Promise<void>;
  /** Tells the runner and whoever waits that a request is no longer what it was. */
  changed(request: string): void;
  /** @throws FACTORY_NOT_IN_POLICY if the configuration connects no such Factory */
  factory(name: string): FactoryPort;
}

const DEFAULT_LIMITS: SigningLimits = {
  statementLifetimeMs: MAX_STATEMENT_LIFETIME_MS,
  intervalMs: 5_000,
  retryFirstMs: 1_000,
  retryMaxMs: 60_000,
  cutOffAfterMs: 30_000,
};

const systemClock: Clock = { now: () => new Date() };

const systemTimers: Timers = {
  after: (delayMs, fn) => {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
};

/** @throws POLICY_* if the policies are no chain from the pinned first one */
export function createContext(deps: SigningDependencies, changed: (request: string) => void): Context {
  const policy = verifyPolicyChain([...deps.policies], { policySha256: deps.pins.policySha256 });
  return {
    store: deps.store,
    signer: deps.signer,
    policies: deps.policies,
    pins: deps.pins,
    logger: deps.logger,
    policy,
    clock: deps.clock ?? systemClock,
    timers: deps.timers ?? systemTimers,
    limits: { ...DEFAULT_LIMITS, ...deps.limits },
    shown: new Set(),
    step: async (step, request) => deps.onStep?.(step, request),
    changed,
    factory: (name) => {
      const factory = deps.factories.get(name);
      if (factory !== undefined) return factory;
      throw new CountersignError('FACTORY_NOT_IN_POLICY', `this service is not connected to a Factory ${name}`, {
        pointer: '/factory',
        hint: `It is connected to ${[...deps.factories.keys()].join(', ') || 'none'}.`,
        details: { factory: name },
      });
    },
  };
}

/** The policy a request was made under, which newer ones do not change. */
export function policyOf(context: Context, request: StoredRequest): SignedPolicy {
  const { policyVersion } = request.material;
  const policy = context.policies.find((candidate) => candidate.policy.version === policyVersion);
  if (policy !== undefined) return policy;
  throw new CountersignError('POLICY_CHAIN_BROKEN', `policy version ${policyVersion} is not among this service's`, {
    hint: 'Name every version of the policy in the configuration, version 1 first.',
    details: { version: policyVersion },
  });
}

/** @throws REQUEST_NOT_FOUND */
export async function findRequest(context: Context, id: string): Promise<StoredRequest> {
  const request = await context.store.requests.find(id);
  if (request !== null) return request;
  throw new CountersignError('REQUEST_NOT_FOUND', 'there is no such request', { details: { id } });
}
