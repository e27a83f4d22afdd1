import type { RequestView } from '../../signing/index.js';

/** Where a request stands, in one line. */
export function describeProgress({ id, progress, quorum, state, root }: RequestView): string {
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
      return state === 'delivered'
        ? `Request ${id} is delivered: root ${root?.version ?? ''} is in force`
        : `Request ${id} came to nothing; give it up with fioctl keys tuf updates cancel`;
  }
}
