import { CountersignError } from '../../errors.js';
import type { TokenConfig, TokenSelector } from '../token-types.js';
import type { TaskOf } from '../worker/index.js';

const DEFAULT_START_TIMEOUT_MS = 30_000;

/** @throws CONFIG_INVALID for a token that nothing names, or without workers */
export function requireTokenConfig({ label, serial, workers }: TokenConfig): void {
  if (label === undefined && serial === undefined) {
    throw new CountersignError('CONFIG_INVALID', 'a token is named by its label or its serial');
  }
  if (!Number.isInteger(workers) || workers < 1) {
    throw new CountersignError('CONFIG_INVALID', 'a token needs at least one worker');
  }
}

/** What a worker has to know to log in to the token. */
export function openTask(config: TokenConfig, stateDir: string): TaskOf<'open'> {
  return { type: 'open', module: moduleOf(config), selector: selectorOf(config), pinFile: config.pinFile, stateDir };
}

function moduleOf({ module, libraryParameters }: Pick<TokenConfig, 'module' | 'libraryParameters'>): {
  path: string;
  libraryParameters?: string;
} {
  return { path: module, ...(libraryParameters === undefined ? {} : { libraryParameters }) };
}

export function startTimeoutMs(config: Pick<TokenConfig, 'startTimeoutMs'>): number {
  return config.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS;
}

/** For people: `token release`, `token 01234567`. */
export function describeToken({ label, serial }: TokenSelector): string {
  return `token ${label ?? serial ?? '(unnamed)'}`;
}

function selectorOf({ label, serial }: TokenSelector): { label?: string; serial?: string } {
  return { ...(label === undefined ? {} : { label }), ...(serial === undefined ? {} : { serial }) };
}
