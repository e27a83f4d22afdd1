import { CountersignError } from '../errors.js';
import { parseTargets } from '../tuf/index.js';
import { parseServed } from './fetch-base.js';
import type { FactoryPort, WaveInfo } from './ports.js';

export interface DeliveredWave {
  readonly name: string;
  readonly tag: string;
  readonly version: number;
  /** Digest of the `signed` bytes that were to be delivered. */
  readonly sha256: string;
}

export type Found =
  | { readonly state: 'absent' }
  /** The targets metadata as it is published. */
  | { readonly state: 'there'; readonly metadata: Buffer }
  /** The Factory has something else under this name, or has done with it: it will never be delivered. */
  | { readonly state: 'conflict'; readonly error: CountersignError };

/**
 * Looks at the Factory for a Wave that was, or may have been, delivered.
 *
 * @throws FACTORY_…, also while the Factory shows the Wave but not yet its targets
 */
export async function findPublished(port: FactoryPort, wave: DeliveredWave): Promise<Found> {
  const info = await port.wave(wave.name);
  if (info === null) return { state: 'absent' };
  if (info.version !== wave.version || info.tag !== wave.tag) return conflict(info, 'is of another version or tag');
  switch (info.status) {
    case 'active':
      return compare(info, wave, await port.waveTargets(wave.name));
    case 'complete':
      // Its targets are the tag's production targets now, until the next Wave.
      return compare(info, wave, await port.productionTargets(wave.tag));
    case 'canceled':
      return conflict(info, 'is canceled');
    default:
      // Waiting for more signatures, or a word that is new: nothing is given up for a word that nobody here knows.
      throw new CountersignError('FACTORY_ANSWER_INVALID', `the Factory shows Wave ${info.name} as ${info.status}`, {
        hint: 'It is looked at again. A Wave that is delivered is active, complete or canceled.',
        details: { wave: info.name, status: info.status },
      });
  }
}

function compare(info: WaveInfo, wave: DeliveredWave, metadata: Buffer | null): Found {
  if (metadata === null) {
    throw new CountersignError('FACTORY_ANSWER_INVALID', `the Factory shows Wave ${info.name} without its targets`, {
      details: { wave: info.name, status: info.status },
    });
  }
  const { sha256 } = parseServed(parseTargets, metadata, `targets of Wave ${info.name}`);
  return sha256 === wave.sha256 ? { state: 'there', metadata } : conflict(info, 'has other targets');
}

function conflict(info: WaveInfo, what: string): Found {
  const error = new CountersignError('DELIVERY_CONFLICT', `the Factory's Wave ${info.name} ${what}`, {
    hint: 'Find out who did that. The document was signed, but it is not what is published.',
    details: { wave: info.name, status: info.status, version: info.version, tag: info.tag },
  });
  return { state: 'conflict', error };
}
