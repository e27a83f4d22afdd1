import type { Policy } from '../policy/index.js';
import type { ClosedBecause, RequestView } from '../signing/index.js';
import type { GatewayAnswer } from './answer.js';
import { factoryError } from './factory-error.js';

/**
 * The answer while a request is not delivered: fioctl ends with an error that says what it waits for, and nothing is lost by running it again.
 *
 * @param again what the caller is to run once that is done
 */
export function stillWaiting(request: RequestView, policy: Policy, again: string): GatewayAnswer {
  const { id, quorum, requester, expires, root } = request;
  const lacking = (root?.missingSigners ?? []).length > 0;
  const common = [
    `Request ${id}, asked for by ${requester.name}, is open until ${expires}`,
    ...(lacking ? [`A root key that is in no token has to sign it: countersign contribute ${id} --keys FILE`] : []),
  ];
  if (quorum.missing === 0) {
    const { lastError } = request;
    return factoryError(423, `${nameOf(request)} is approved and not delivered yet (request ${id})`, [
      ...common,
      ...(lastError === undefined ? [] : [`It is tried again. Last error: ${lastError.code}: ${lastError.message}`]),
      again,
    ]);
  }
  const officers = policy.officers.map(({ person }) => person);
  const others = officers.filter((person) => person !== requester.name && !quorum.persons.includes(person));
  return factoryError(423, `${nameOf(request)} waits for approval (request ${id})`, [
    ...common,
    `${quorum.missing} of these must approve: ${others.join(', ')}`,
    `Each runs: countersign review ${id}, then: countersign approve ${id}`,
    again,
  ]);
}

/** The answer for a request that came to another end than being delivered. */
export function endedOtherwise(request: RequestView): GatewayAnswer {
  const { id, rejections, lastError } = request;
  return factoryError(422, `${nameOf(request)} was not delivered: ${endOf(request)} (request ${id})`, [
    ...rejections.map(({ person, reason }) => `Rejected by ${person}: ${reason}`),
    ...(lastError === undefined ? [] : [`${lastError.code}: ${lastError.message}`]),
  ]);
}

function nameOf({ wave, root }: RequestView): string {
  if (wave !== null) return `Wave ${wave.name}`;
  return root === null ? 'This' : `Root version ${root.version}`;
}

function endOf({ state, closedBecause = 'conflict' }: RequestView): string {
  return state === 'abandoned' ? 'the Factory has something else in its place' : ENDS[closedBecause];
}

const ENDS: Readonly<Record<ClosedBecause, string>> = {
  rejected: 'an officer rejected it',
  cancelled: 'it was cancelled',
  expired: 'it was not approved in time',
  superseded: 'what it builds on is not in force any more; ask again',
  conflict: 'it stands against what the Factory has',
};
