import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadClientConfig, type ClientConfig } from '../config/index.js';
import { CountersignError } from '../errors.js';
import type { CliContext } from './context.js';

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

/**
 * The one line of a file that holds a bearer token.
 *
 * @throws CONFIG_INVALID when it is missing, empty, or open to others
 */
export function readSecretFile(path: string): string {
  let text: string;
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new CountersignError('CONFIG_INVALID', `${path} holds a secret and may be read by others`, {
        hint: `chmod 600 ${path}`,
        details: { path },
      });
    }
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    throw new CountersignError('CONFIG_INVALID', `${path} cannot be read`, { details: { path }, cause });
  }
  if (/^[\x21-\x7e]+$/u.test(text)) return text;
  throw new CountersignError('CONFIG_INVALID', `${path} does not hold one line with a token`, { details: { path } });
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
