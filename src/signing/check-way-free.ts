import { CountersignError, isCountersignError } from '../errors.js';
import type { FactoryPort } from './ports.js';
import type { StoredRequest } from './store-port.js';

/**
 * Whether the Factory would take a Wave for the tag now: no other one is active, and no root is being applied.
 *
 * @returns what is in the way for the time being, not thrown
 * @throws FACTORY_…
 */
export async function checkWayFree(port: FactoryPort, { wave }: StoredRequest): Promise<CountersignError | null> {
  const tag = wave?.tag ?? '';
  const [active, applying] = await Promise.all([port.waves({ tag, status: 'active' }), isApplyingRoot(port)]);
  if (applying) {
    return new CountersignError('DELIVERY_CONFLICT', 'the Factory is applying a root update', {
      hint: 'It goes on by itself when that is done.',
    });
  }
  const other = active.find((one) => one.tag === tag && one.status === 'active' && one.name !== wave?.name);
  if (other === undefined) return null;
  return new CountersignError('DELIVERY_CONFLICT', `Wave ${other.name} is active for tag ${tag}`, {
    hint: 'It goes on by itself when that one is cancelled; once it is completed, this has to be asked for again.',
    details: { wave: other.name, tag },
  });
}

/** A token may not be allowed to ask this; then the Factory itself has to refuse what comes at the wrong time. */
async function isApplyingRoot(port: FactoryPort): Promise<boolean> {
  try {
    return (await port.rootUpdateApplying?.()) ?? false;
  } catch (error) {
    if (isCountersignError(error, 'FACTORY_UNAUTHORIZED') || isCountersignError(error, 'FACTORY_NOT_FOUND'))
      return false;
    throw error;
  }
}
