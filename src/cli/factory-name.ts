import { CountersignError } from '../errors.js';
import type { ClientSettings } from './client-settings.js';

/** The Factory that a command is about: the one that was named, or the only one of the client configuration. @throws USAGE */
export function factoryName(settings: ClientSettings, option: string | undefined): string {
  const name = option ?? settings.factory(undefined)?.name;
  if (name !== undefined) return name;
  throw new CountersignError('USAGE', 'which Factory is meant is not clear', {
    hint: 'give --factory, or write exactly one to the client configuration',
  });
}
