import type { RequestView } from '../signing/index.js';

/** Where a request stands, in one line. */
export function describeProgress(request: RequestView): string {
  const { id, progress, quorum } = request;
  switch (progress) {
    case 'preparing':
      return `Request ${id} is being prepared`;
    case 'waiting-for-approvals':
      return `Request ${id} waits for ${quorum.missing} of ${quorum.needed} approvals`;
    case 'signing':
      return `Request ${id} is approved and being signed`;
    case 'delivering':
      return `Request ${id} is signed and on its way to the Factory`;
    case 'done':
      return request.state === 'delivered'
        ? `Request ${id} is delivered: root ${request.root?.version ?? ''} is in force`
        : `Request ${id} came to nothing: ${endOf(request)}`;
  }
}

/** What has to happen before a request is delivered, each a line of its own. */
export function describeWaiting(request: RequestView, officers: readonly string[], again: string): string[] {
  const { id, quorum, root, lastError, requester } = request;
  const others = officers.filter((person) => person !== requester.name && !quorum.persons.includes(person));
  return [
    ...(quorum.missing === 0
      ? []
      : [
          `${quorum.missing} of ${quorum.needed} approvals are missing; officers: ${others.join(', ')}`,
          `They run: countersign review ${id}, then countersign approve ${id}`,
        ]),
    ...(root?.missingSigners ?? []).map(
      () => `It lacks a signature by a root key outside of the tokens: countersign contribute ${id} --keys FILE`,
    ),
    ...(lastError === undefined ? [] : [`Last: ${lastError.message}`]),
    `Then run again: ${again}`,
  ];
}

/** Why a request will not be delivered any more. */
export function endOf({ state, closedBecause, rejections, lastError }: RequestView): string {
  const [rejection] = rejections;
  if (rejection !== undefined) return `rejected by ${rejection.person}: ${rejection.reason}`;
  const why = closedBecause ?? (state === 'abandoned' ? 'given up' : state);
  return lastError === undefined ? why : `${why}: ${lastError.message}`;
}
