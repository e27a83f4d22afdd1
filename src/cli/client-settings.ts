import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadClientConfig, type ClientConfig } from '../config/index.js';
import { CountersignError } from '../errors.js';
import type { CliContext } from './context.js';
import { readSecretFile } from './secret-file.js';

export interface ClientOptions {
  readonly config?: string;
  readonly url?: string;
}

/** Where a person's command line finds its things; one place decides, so that no two commands look elsewhere. */
export interface ClientSettings {
  readonly config: ClientConfig;
  readonly trustPath: string;
  readonly sessionPath: string;
  readonly serviceUrl: () => string;
  readonly sshKeyPath: (option: string | undefined) => string;
  readonly bearer: () => string | undefined;
  readonly factory: (name: string | undefined) => { name: string; url: string | undefined; token: () => string } | null;
}

/** @throws CONFIG_INVALID */
export function clientSettings(context: CliContext, options: ClientOptions): ClientSettings {
  const folder = join(context.settings.home, '.config', 'countersign');
  const chosen = options.config ?? context.settings.configPath;
  const path = chosen ?? join(folder, 'client.yaml');
  const config = chosen !== undefined || existsSync(path) ? loadClientConfig(path) : { factories: {} };
  const beside = chosen === undefined ? folder : dirname(path);
  const home = (file: string): string => file.replace(/^~(?=\/)/u, context.settings.home);
  const sessionPath = join(beside, 'session.json');
  return {
    config,
    trustPath: config.trust === undefined ? join(beside, 'trust.json') : home(config.trust),
    sessionPath,
    serviceUrl: () =>
      options.url ?? context.settings.url ?? config.service ?? missing('the service’s address', '--url'),
    sshKeyPath: (option) => home(option ?? config.sshKey ?? missing('your SSH key', '--key')),
    bearer: () =>
      context.settings.bearer ??
      (config.tokenFile === undefined ? sessionBearer(sessionPath) : readSecretFile(home(config.tokenFile))),
    factory: (name) => {
      const names = Object.keys(config.factories);
      const wanted = name ?? (names.length === 1 ? names[0] : undefined);
      const found = wanted === undefined ? undefined : config.factories[wanted];
      if (wanted === undefined || found === undefined) return null;
      return { name: wanted, url: found.url, token: () => readSecretFile(home(found.tokenFile)) };
    },
  };
}

function sessionBearer(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const session = typeof parsed === 'object' && parsed !== null && 'session' in parsed ? parsed.session : undefined;
  return typeof session === 'string' ? session : undefined;
}

function missing(what: string, option: string): never {
  throw new CountersignError('USAGE', `${what} is not known`, {
    hint: `give ${option}, or write it to ~/.config/countersign/client.yaml (annotated example: config/client.yaml)`,
  });
}
