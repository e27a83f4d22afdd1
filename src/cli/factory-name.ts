import { InvalidArgumentError } from 'commander';
import type { ClientSettings } from './client-settings.js';

/** The Factory that a command is about: the one that was named, or the only one of the client configuration. */
export function factoryName(settings: ClientSettings, option: string | undefined): string {
  const name = option ?? settings.factory(undefined)?.name;
  if (name !== undefined) return name;
  throw new InvalidArgumentError('Which Factory? Give --factory, or write exactly one to the client configuration.');
}
